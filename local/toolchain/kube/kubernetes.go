package main

import (
	"context"
	"os"
	_ "time/tzdata" // the controller manager's CronJobs name time zones, and the images carry none

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeadmapp "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmerrors "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
)

func run(command *cobra.Command) { os.Exit(cli.Run(command)) }

func kubeAPIServer()         { run(apiserver.NewAPIServerCommand()) }
func kubeControllerManager() { run(controllermanager.NewControllerManagerCommand()) }
func kubeScheduler()         { run(scheduler.NewSchedulerCommand()) }
func kubeProxy()             { run(proxy.NewProxyCommand()) }
func kubelet()               { run(kubeletapp.NewKubeletCommand(context.Background())) }
func kubeadm()               { kubeadmerrors.HandleError(kubeadmapp.Run()) }

func kubectl() {
	logs.GlogSetter(kubectlcmd.GetLogVerbosity(os.Args)) //nolint:errcheck // as kubectl's own main does: a bad value is reported by the flag's parser
	if err := cli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
}
