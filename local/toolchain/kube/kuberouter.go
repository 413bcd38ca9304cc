package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/cloudnativelabs/kube-router/v2/pkg/cmd"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
)

// kubeRouter enforces NetworkPolicies. Its flags and those that Kubernetes registers at start share names (version),
// so both global flag sets begin anew here.
func kubeRouter() {
	flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ExitOnError)
	klog.InitFlags(nil)
	config := options.NewKubeRouterConfig()
	config.AddFlags(pflag.CommandLine)
	pflag.Parse()
	for _, set := range []struct{ name, value string }{{"logtostderr", "true"}, {"v", config.VLevel}} {
		if err := flag.Set(set.name, set.value); err != nil {
			fail(err)
		}
	}
	router, err := cmd.NewKubeRouterDefault(config)
	if err != nil {
		fail(err)
	}
	if err := router.Run(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "kube-router: %v\n", err)
	os.Exit(1)
}
