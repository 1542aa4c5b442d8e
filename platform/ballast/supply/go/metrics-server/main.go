// Command metrics-server serves the use of nodes and pods. Its own command line is not used because
// its generated OpenAPI documents need a newer Kubernetes API than the node's: without them it is
// built from the libraries that every other component shares. Nothing asks for those documents.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/metrics-server/pkg/api"
	"sigs.k8s.io/metrics-server/pkg/scraper/client"
	"sigs.k8s.io/metrics-server/pkg/server"
)

const (
	kubeletPort   = 10250
	scrapeTimeout = 10 * time.Second
)

func main() {
	serving := options.NewSecureServingOptions().WithLoopback()
	authentication := options.NewDelegatingAuthenticationOptions()
	authorization := options.NewDelegatingAuthorizationOptions()
	flags := pflag.NewFlagSet("metrics-server", pflag.ExitOnError)
	serving.AddFlags(flags)
	authentication.AddFlags(flags)
	authorization.AddFlags(flags)
	kubeletAuthority := flags.String("kubelet-certificate-authority", "", "file with the authority of the kubelets' certificates")
	resolution := flags.Duration("metric-resolution", time.Minute, "time between two readings of each kubelet, at least 10s")
	_ = flags.Parse(os.Args[1:]) // ExitOnError

	ctx := genericapiserver.SetupSignalContext()
	if err := run(ctx, serving, authentication, authorization, *kubeletAuthority, *resolution); err != nil {
		klog.ErrorS(err, "metrics server stopped")
		os.Exit(1)
	}
}

// models says of each resource that it is an object, and no more.
func models(common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	object := common.OpenAPIDefinition{Schema: spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"object"}}}}
	found := map[string]common.OpenAPIDefinition{}
	for _, kind := range []string{"NodeMetrics", "NodeMetricsList", "PodMetrics", "PodMetricsList"} {
		found["k8s.io/metrics/pkg/apis/metrics/v1beta1."+kind] = object
	}
	return found
}

func run(
	ctx context.Context,
	serving *options.SecureServingOptionsWithLoopback,
	authentication *options.DelegatingAuthenticationOptions,
	authorization *options.DelegatingAuthorizationOptions,
	kubeletAuthority string,
	resolution time.Duration,
) error {
	if resolution < scrapeTimeout {
		return fmt.Errorf("--metric-resolution is %s, it must be at least %s", resolution, scrapeTimeout)
	}
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
		return fmt.Errorf("make a serving certificate: %w", err)
	}
	config := genericapiserver.NewConfig(api.Codecs)
	config.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	config.SkipOpenAPIInstallation = true
	// The server refuses to start without models of its resources, even when it publishes none.
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(models, openapi.NewDefinitionNamer(api.Scheme))
	if err := serving.ApplyTo(&config.SecureServing, &config.LoopbackClientConfig); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	if err := authentication.ApplyTo(&config.Authentication, config.SecureServing, nil); err != nil {
		return fmt.Errorf("authenticate callers: %w", err)
	}
	if err := authorization.ApplyTo(&config.Authorization); err != nil {
		return fmt.Errorf("authorize callers: %w", err)
	}

	cluster, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("reach the API server: %w", err)
	}
	cluster.ContentType = "application/vnd.kubernetes.protobuf"
	kubelet := rest.CopyConfig(cluster)
	if kubeletAuthority != "" {
		kubelet.CAFile, kubelet.CAData = kubeletAuthority, nil
	}
	metrics, err := server.Config{
		Apiserver: config,
		Rest:      cluster,
		Kubelet: &client.KubeletClientConfig{
			Client:              *kubelet,
			AddressTypePriority: []corev1.NodeAddressType{corev1.NodeInternalIP},
			Scheme:              "https",
			DefaultPort:         kubeletPort,
		},
		MetricResolution: resolution,
		ScrapeTimeout:    scrapeTimeout,
	}.Complete()
	if err != nil {
		return fmt.Errorf("put the server together: %w", err)
	}
	return metrics.RunUntil(ctx.Done())
}
