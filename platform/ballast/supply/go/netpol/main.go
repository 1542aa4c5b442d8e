// Command netpol enforces NetworkPolicy on one node by iptables and ipset, and does nothing else:
// it runs only the policy controller of kube-router, without its routing, proxy and BGP parts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/pkg/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

const fullSyncPeriod = 5 * time.Minute

type settings struct {
	kubeconfig   string
	node         string
	serviceRange string
	nodePorts    string
}

func main() {
	var s settings
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "path of the kubeconfig")
	flag.StringVar(&s.node, "hostname-override", "", "name of this node in the API")
	flag.StringVar(&s.serviceRange, "service-cluster-ip-range", "10.96.0.0/16", "range of service addresses")
	flag.StringVar(&s.nodePorts, "service-node-port-range", "30000-32767", "range of node ports")
	klog.InitFlags(nil)
	flag.Parse()
	if err := run(s); err != nil {
		klog.ErrorS(err, "network policy controller stopped")
		os.Exit(1)
	}
}

func run(s settings) error {
	config, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig %q: %w", s.kubeconfig, err)
	}
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make API client: %w", err)
	}

	stop := make(chan struct{})
	var running sync.WaitGroup
	defer running.Wait()
	defer close(stop)

	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(stop)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	synced := make(chan struct{})
	go func() { factory.WaitForCacheSync(stop); close(synced) }()
	select {
	case <-synced:
	case <-signals:
		return nil
	}

	// The controller asks for the options of the whole router; these are the ones that policies read.
	router := options.NewKubeRouterConfig()
	router.HostnameOverride = s.node
	router.ClusterIPCIDR = s.serviceRange
	router.NodePortRange = s.nodePorts
	router.IPTablesSyncPeriod = fullSyncPeriod
	var ipsets sync.Mutex
	controller, err := netpol.NewNetworkPolicyController(client, router, pods, policies, namespaces, &ipsets)
	if err != nil {
		return fmt.Errorf("make network policy controller: %w", err)
	}
	pods.AddEventHandler(controller.PodEventHandler)
	namespaces.AddEventHandler(controller.NamespaceEventHandler)
	policies.AddEventHandler(controller.NetworkPolicyEventHandler)

	// Nobody watches the heartbeats here, but the controller blocks when none takes them.
	heartbeats := make(chan *healthcheck.ControllerHeartbeat, 10)
	go func() {
		for range heartbeats {
		}
	}()
	running.Add(1)
	go controller.Run(heartbeats, stop, &running)
	<-signals
	return nil
}
