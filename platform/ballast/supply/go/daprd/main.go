// Command daprd is Dapr's sidecar with the components that Ballast declares and no others: two
// thirds of the code to compile of one that knows every cloud.
//
// It does what cmd/daprd/app of Dapr does. That package cannot be used: without one of its two sets
// of components it panics, https://github.com/dapr/dapr/blob/v1.16.5/cmd/daprd/components/zz_notag.go
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
	"go.uber.org/automaxprocs/maxprocs"
)

var log = logger.NewLogger("dapr.runtime")

func main() {
	_, _ = maxprocs.Set() // without a CPU quota there is nothing to set
	given, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("command line: %v", err)
	}
	switch {
	case given.RuntimeVersion:
		fmt.Println(buildinfo.Version())
	case given.BuildInfo:
		fmt.Printf("Version: %s\nGit Commit: %s\nGit Version: %s\n", buildinfo.Version(), buildinfo.Commit(), buildinfo.GitVersion())
	case given.WaitCommand:
		runtime.WaitUntilDaprOutboundReady(given.DaprHTTPPort)
	default:
		if err := run(given); err != nil {
			log.Fatalf("runtime: %v", err)
		}
	}
}

func run(given *options.Options) error {
	given.Logger.SetAppID(given.AppID)
	if err := logger.ApplyOptionsToLoggers(&given.Logger); err != nil {
		return err
	}
	log.Infof("Starting Dapr Runtime -- version %s", buildinfo.Version())
	ctx := signals.Context()
	health := healthz.New()
	provider, err := security.New(ctx, security.Options{
		AppID:                   given.AppID,
		ControlPlaneNamespace:   given.ControlPlaneNamespace,
		ControlPlaneTrustDomain: given.ControlPlaneTrustDomain,
		Healthz:                 health,
		JwtAudiences:            given.SentryRequestJwtAudiences,
		MTLSEnabled:             given.EnableMTLS,
		Mode:                    modes.DaprMode(given.Mode),
		SentryAddress:           given.SentryAddress,
		TrustAnchors:            given.TrustAnchors,
	})
	if err != nil {
		return err
	}
	return concurrency.NewRunnerManager(provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return err
		}
		config := settings(given)
		config.Healthz, config.Metrics.Healthz, config.Security = health, health, handler
		config.Registry = registry()
		sidecar, err := runtime.FromConfig(ctx, config)
		if err != nil {
			return err
		}
		return sidecar.Run(ctx)
	}).Run(ctx)
}

func settings(given *options.Options) *runtime.Config {
	return &runtime.Config{
		ActorsService:                 given.ActorsService,
		AllowedOrigins:                given.AllowedOrigins,
		AppChannelAddress:             given.AppChannelAddress,
		AppHealthCheckPath:            given.AppHealthCheckPath,
		AppHealthProbeInterval:        given.AppHealthProbeInterval,
		AppHealthProbeTimeout:         given.AppHealthProbeTimeout,
		AppHealthThreshold:            given.AppHealthThreshold,
		AppID:                         given.AppID,
		ApplicationPort:               given.AppPort,
		AppMaxConcurrency:             given.AppMaxConcurrency,
		AppProtocol:                   given.AppProtocol,
		AppSSL:                        given.AppSSL,
		ComponentsPath:                given.ComponentsPath,
		Config:                        given.Config,
		ControlPlaneAddress:           given.ControlPlaneAddress,
		DaprAPIGRPCPort:               given.DaprAPIGRPCPort,
		DaprAPIListenAddresses:        given.DaprAPIListenAddresses,
		DaprBlockShutdownDuration:     given.DaprBlockShutdownDuration,
		DaprGracefulShutdownSeconds:   given.DaprGracefulShutdownSeconds,
		DaprHTTPPort:                  given.DaprHTTPPort,
		DaprInternalGRPCListenAddress: given.DaprInternalGRPCListenAddress,
		DaprInternalGRPCPort:          given.DaprInternalGRPCPort,
		DaprPublicListenAddress:       given.DaprPublicListenAddress,
		DaprPublicPort:                given.DaprPublicPort,
		DisableBuiltinK8sSecretStore:  given.DisableBuiltinK8sSecretStore,
		EnableAPILogging:              given.EnableAPILogging,
		EnableAppHealthCheck:          given.EnableAppHealthCheck,
		EnableMTLS:                    given.EnableMTLS,
		EnableProfiling:               given.EnableProfiling,
		MaxRequestSize:                given.MaxRequestSize,
		Mode:                          given.Mode,
		ProfilePort:                   given.ProfilePort,
		ReadBufferSize:                given.ReadBufferSize,
		RemindersService:              given.RemindersService,
		ResourcesPath:                 given.ResourcesPath,
		SchedulerAddress:              given.SchedulerAddress,
		SchedulerStreams:              given.SchedulerJobStreams,
		SentryAddress:                 given.SentryAddress,
		UnixDomainSocket:              given.UnixDomainSocket,
		Metrics: metrics.Options{
			Enabled:       given.Metrics.Enabled(),
			ListenAddress: given.Metrics.ListenAddress(),
			Log:           log,
			Namespace:     metrics.DefaultMetricNamespace,
			Port:          given.Metrics.Port(),
		},
	}
}
