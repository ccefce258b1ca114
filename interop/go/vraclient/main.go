// Reads a project with the vendor's client, set up as its Terraform provider sets it up:
//
//	vraclient URL PROJECT < ACCESS-TOKEN
//
// "vraclient version" prints the version of the client.
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"strings"

	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/vmware/vra-sdk-go/pkg/client"
	"github.com/vmware/vra-sdk-go/pkg/client/project"
)

const clientModule = "github.com/vmware/vra-sdk-go"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "version" {
		return printVersion()
	}
	if len(args) != 2 {
		return fmt.Errorf("usage: vraclient URL PROJECT")
	}
	address, err := url.Parse(args[0])
	if err != nil {
		return err
	}
	token, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	transport := httptransport.New(address.Host, address.Path, nil)
	transport.DefaultAuthentication = httptransport.APIKeyAuth(
		"Authorization", "header", "Bearer "+strings.TrimSpace(string(token)))
	filter := fmt.Sprintf("name eq '%s'", args[1])
	found, err := client.New(transport, strfmt.Default).Project.GetProjects(
		project.NewGetProjectsParams().WithDollarFilter(&filter))
	if err != nil {
		return err
	}
	for _, one := range found.GetPayload().Content {
		fmt.Printf("project=%s org=%s\n", one.Name, one.OrgID)
	}
	return nil
}

func printVersion() error {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("the program contains no build information")
	}
	for _, module := range build.Deps {
		if module.Path == clientModule {
			fmt.Println(module.Version)
		}
	}
	return nil
}
