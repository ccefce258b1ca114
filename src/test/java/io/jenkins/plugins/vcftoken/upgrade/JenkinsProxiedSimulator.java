package io.jenkins.plugins.vcftoken.upgrade;

import hudson.ProxyConfiguration;
import io.jenkins.plugins.vcftoken.simulator.ConnectProxy;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import jenkins.model.Jenkins;

/** Simulator behind an HTTP proxy that forwards all connections to it, for credentials with arbitrary host names. */
final class JenkinsProxiedSimulator implements AutoCloseable {

    final Simulator simulator;
    private final ConnectProxy proxy;

    JenkinsProxiedSimulator() throws IOException {
        simulator = Simulator.start();
        proxy = new ConnectProxy("jenkins", "proxy", simulator.url().getPort());
    }

    void configureProxy() throws IOException {
        Jenkins.get().setProxy(new ProxyConfiguration("localhost", proxy.port(), "jenkins", "proxy"));
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        simulator.close();
    }
}
