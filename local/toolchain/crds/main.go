// Reads, on its input, a list of module archives with the files wanted of each, and writes those files, one YAML document after
// another.
package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// archive is one module.
type archive struct {
	Zip string `json:"zip"`
	// Files are paths inside the module; `*` stands for any name in a folder.
	Files []string `json:"files"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(input io.Reader, output io.Writer) error {
	var archives []archive
	if err := json.NewDecoder(input).Decode(&archives); err != nil {
		return err
	}
	for _, each := range archives {
		if err := extract(each, output); err != nil {
			return fmt.Errorf("%s: %w", each.Zip, err)
		}
	}
	return nil
}

func extract(wanted archive, output io.Writer) error {
	reader, err := zip.OpenReader(wanted.Zip)
	if err != nil {
		return err
	}
	defer reader.Close()
	for _, pattern := range wanted.Files {
		found := false
		for _, file := range reader.File {
			// Names begin with the module and its version.
			_, version, _ := strings.Cut(file.Name, "@")
			_, inside, _ := strings.Cut(version, "/")
			if match, _ := path.Match(pattern, inside); !match {
				continue
			}
			found = true
			if err := copyFile(file, output); err != nil {
				return err
			}
		}
		if !found {
			return fmt.Errorf("no file is named %s", pattern)
		}
	}
	return nil
}

func copyFile(file *zip.File, output io.Writer) error {
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if _, err := io.WriteString(output, "\n---\n"); err != nil {
		return err
	}
	_, err = io.Copy(output, content)
	return err
}
