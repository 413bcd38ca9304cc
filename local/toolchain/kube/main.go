// Command keelson-kube holds every Kubernetes program of the local cluster in one binary, which runs the one that it is
// called as: a link named kube-apiserver is the API server. They share almost all of their packages, so one link step
// replaces ten, and one file on disk and in the page cache serves all of them.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// programs maps the name that the binary is called by to the program's own main function.
var programs = map[string]func(){
	"coredns":                 coredns,
	"etcd":                    etcd,
	"kube-apiserver":          kubeAPIServer,
	"kube-controller-manager": kubeControllerManager,
	"kube-proxy":              kubeProxy,
	"kube-router":             kubeRouter,
	"kube-scheduler":          kubeScheduler,
	"kubeadm":                 kubeadm,
	"kubectl":                 kubectl,
	"kubelet":                 kubelet,
	"metrics-server":          metricsServer,
}

func main() {
	name := filepath.Base(os.Args[0])
	program, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "called as %q; call it by a link named as one of %v\n", name, slices.Sorted(maps.Keys(programs)))
		os.Exit(64)
	}
	program()
}
