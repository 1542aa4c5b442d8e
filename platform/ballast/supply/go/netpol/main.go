// Command netpol enforces NetworkPolicy on one node by iptables and ipset, and does nothing else:
// it runs only the policy controller of kube-router, without its routing, proxy and BGP parts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
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

const restore = "iptables-restore"

// The last rule of a pod's chain drops instead of refusing.
const silently = `#!/bin/sh
/bin/sed 's/^\(-A KUBE-POD-FW-.*\) -j REJECT *$/\1 -j DROP/' | exec "%s" "$@"
`

type settings struct {
	kubeconfig   string
	node         string
	serviceRange string
	nodePorts    string
	tools        string
}

func main() {
	var s settings
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "path of the kubeconfig")
	flag.StringVar(&s.node, "hostname-override", "", "name of this node in the API")
	flag.StringVar(&s.serviceRange, "service-cluster-ip-range", "10.96.0.0/16", "range of service addresses")
	flag.StringVar(&s.nodePorts, "service-node-port-range", "30000-32767", "range of node ports")
	flag.StringVar(&s.tools, "tools", "", "folder for what comes before iptables-restore on the path")
	klog.InitFlags(nil)
	flag.Parse()
	if err := run(s); err != nil {
		klog.ErrorS(err, "network policy controller stopped")
		os.Exit(1)
	}
}

// interpose puts a filter before iptables-restore, which the controller calls to refuse what no policy
// lets through. It refuses a new pod too, until its address is in the sets a second or two after it has
// started. A client that is refused ends; one that hears nothing asks again.
func interpose(folder string) error {
	real, err := exec.LookPath(restore)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// A script and not this program under another name: the controller's package runs iptables-restore
	// whenever a process starts.
	filter := fmt.Sprintf(silently, real)
	if err := os.WriteFile(filepath.Join(folder, restore), []byte(filter), 0o755); err != nil {
		return err
	}
	return os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func run(s settings) error {
	if err := interpose(s.tools); err != nil {
		return fmt.Errorf("interpose before %s: %w", restore, err)
	}
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
