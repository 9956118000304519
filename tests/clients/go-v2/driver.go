// A life of nacos-sdk-go v2; driver.py in the folder above says what each line means.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

type driver struct {
	client    naming_client.INamingClient
	group     string
	service   string
	port      uint64
	ephemeral bool
}

var said sync.Mutex

func main() {
	lives, unconnected := connect(os.Args[1:])
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		step, err := lines.Text(), unconnected
		if err == nil {
			err = lives.take(step)
		}
		if err == nil {
			say("done " + step)
		} else {
			say("failed " + step + " " + strings.ReplaceAll(err.Error(), "\n", " "))
		}
	}
}

func connect(arguments []string) (*driver, error) {
	host, serverPort, err := net.SplitHostPort(arguments[0])
	if err != nil {
		return nil, err
	}
	server, err := strconv.ParseUint(serverPort, 10, 16)
	if err != nil {
		return nil, err
	}
	namespace, group, service := arguments[1], arguments[2], arguments[3]
	if namespace == "public" {
		// So its documentation wants it.
		namespace = ""
	}
	port, err := strconv.ParseUint(arguments[4], 10, 16)
	if err != nil {
		return nil, err
	}
	// Its cache and log go to the folder it is started in, which lasts as long as the life.
	client, err := clients.NewNamingClient(vo.NacosClientParam{
		ClientConfig: &constant.ClientConfig{
			NamespaceId: namespace, NotLoadCacheAtStart: true, LogLevel: "warn",
		},
		ServerConfigs: []constant.ServerConfig{{IpAddr: host, Port: server}},
	})
	if err != nil {
		return nil, err
	}
	return &driver{client, group, service, port, arguments[5] != "persistent"}, nil
}

func (d *driver) take(step string) error {
	switch step {
	case "register":
		return must(d.client.RegisterInstance(vo.RegisterInstanceParam{
			Ip: "127.0.0.1", Port: d.port, Ephemeral: d.ephemeral,
			GroupName: d.group, ServiceName: d.service,
			Weight: 1, Enable: true, Healthy: true, Metadata: map[string]string{"role": "first"},
		}))
	case "subscribe":
		return d.client.Subscribe(&vo.SubscribeParam{
			GroupName: d.group, ServiceName: d.service, SubscribeCallback: heard,
		})
	case "update":
		return must(d.client.UpdateInstance(vo.UpdateInstanceParam{
			Ip: "127.0.0.1", Port: d.port, Ephemeral: d.ephemeral,
			GroupName: d.group, ServiceName: d.service,
			Weight: 2, Enable: true, Metadata: map[string]string{"role": "first-updated"},
		}))
	case "list":
		return d.list()
	case "deregister":
		return must(d.client.DeregisterInstance(vo.DeregisterInstanceParam{
			Ip: "127.0.0.1", Port: d.port, Ephemeral: d.ephemeral,
			GroupName: d.group, ServiceName: d.service,
		}))
	}
	return fmt.Errorf("no step %s", step)
}

// The SDK has no list but that of its cache.
func (d *driver) list() error {
	listed, err := d.client.SelectAllInstances(vo.SelectAllInstancesParam{
		GroupName: d.group, ServiceName: d.service,
	})
	line := "listed"
	for _, each := range listed {
		line += host(each.Port, each.Metadata, each.Weight)
	}
	say(line)
	return err
}

func heard(known []model.Instance, err error) {
	if err != nil {
		say("subscription: " + err.Error())
		return
	}
	line := "heard"
	for _, each := range known {
		line += host(each.Port, each.Metadata, each.Weight)
	}
	say(line)
}

func host(port uint64, metadata map[string]string, weight float64) string {
	return fmt.Sprintf(" %d/%s/%g", port, metadata["role"], weight)
}

func must(done bool, err error) error {
	if err == nil && !done {
		err = fmt.Errorf("the SDK returns false")
	}
	return err
}

func say(line string) {
	said.Lock()
	defer said.Unlock()
	fmt.Println(line)
}
