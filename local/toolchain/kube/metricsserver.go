package main

import (
	"github.com/spf13/cobra"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	openapicommon "k8s.io/kube-openapi/pkg/common"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/metrics-server/cmd/metrics-server/app/options"
	metricsapi "sigs.k8s.io/metrics-server/pkg/api"
	"sigs.k8s.io/metrics-server/pkg/api/generated/openapi"
)

// metricsServer is metrics-server's own command but for the names of its API models: since Kubernetes 0.35 the API
// machinery looks models up by their published name (io.k8s.metrics…), while metrics-server 0.8.0 was generated with the
// names of Go packages (k8s.io/metrics/…), and ends at start. The release after it needs Kubernetes 0.36.
func metricsServer() {
	opts := options.NewOptions()
	command := &cobra.Command{Use: "metrics-server", SilenceUsage: true, RunE: func(*cobra.Command, []string) error {
		if problems := opts.Validate(); len(problems) > 0 {
			return problems[0]
		}
		config, err := opts.ServerConfig()
		if err != nil {
			return err
		}
		namer := openapinamer.NewDefinitionNamer(metricsapi.Scheme)
		config.Apiserver.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(publishedModelNames, namer)
		config.Apiserver.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(publishedModelNames, namer)
		server, err := config.Complete()
		if err != nil {
			return err
		}
		return server.RunUntil(genericapiserver.SetupSignalHandler())
	}}
	flags := opts.Flags()
	for _, set := range flags.FlagSets {
		command.Flags().AddFlagSet(set)
	}
	run(command)
}

func publishedModelNames(ref openapicommon.ReferenceCallback) map[string]openapicommon.OpenAPIDefinition {
	named := map[string]openapicommon.OpenAPIDefinition{}
	toPublished := func(path string) spec.Ref { return ref(openapiutil.ToRESTFriendlyName(path)) }
	for path, definition := range openapi.GetOpenAPIDefinitions(toPublished) {
		for i, dependency := range definition.Dependencies {
			definition.Dependencies[i] = openapiutil.ToRESTFriendlyName(dependency)
		}
		named[openapiutil.ToRESTFriendlyName(path)] = definition
	}
	return named
}
