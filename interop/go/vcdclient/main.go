// Logs in with the vendor's client and prints the session that the server then tells of:
//
//	vcdclient service-account URL ORGANIZATION TOKEN-FILE
//	vcdclient api-token       URL ORGANIZATION < TOKEN
//	vcdclient access-token    URL ORGANIZATION < TOKEN
//
// "vcdclient version" prints the version of the client.
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"strings"

	"github.com/vmware/go-vcloud-director/v3/govcd"
)

const clientModule = "github.com/vmware/go-vcloud-director/v3"

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
	if len(args) < 3 {
		return fmt.Errorf("usage: vcdclient service-account|api-token|access-token URL ORGANIZATION [TOKEN-FILE]")
	}
	address, err := url.ParseRequestURI(args[1])
	if err != nil {
		return err
	}
	client := govcd.NewVCDClient(*address, false)
	if err := logIn(client, args); err != nil {
		return err
	}
	session, err := client.Client.GetSessionInfo()
	if err != nil {
		return err
	}
	fmt.Printf("user=%s org=%s id=%s\n", session.User.Name, session.Org.Name, session.Org.ID)
	return nil
}

func logIn(client *govcd.VCDClient, args []string) error {
	organization := args[2]
	if args[0] == "service-account" && len(args) == 4 {
		return client.SetServiceAccountApiToken(organization, args[3])
	}
	token, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	switch args[0] {
	case "api-token":
		return client.SetToken(organization, govcd.ApiTokenHeader, strings.TrimSpace(string(token)))
	case "access-token":
		return client.SetToken(organization, govcd.BearerTokenHeader, strings.TrimSpace(string(token)))
	default:
		return fmt.Errorf("unknown way in: %s", args[0])
	}
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
