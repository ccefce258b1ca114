package io.jenkins.plugins.vcftoken.upgrade;

import hudson.ProxyConfiguration;
import io.jenkins.plugins.vcftoken.simulator.ConnectProxy;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import jenkins.model.Jenkins;

/** A simulator that a controller finds under the addresses of a saved home, whatever they are: its proxy leads there. */
final class JenkinsBehindProxy implements AutoCloseable {

    final Simulator simulator;
    private final ConnectProxy proxy;

    JenkinsBehindProxy() throws IOException {
        simulator = Simulator.start();
        proxy = new ConnectProxy("jenkins", "proxy", simulator.url().getPort());
    }

    void use() throws IOException {
        Jenkins.get().setProxy(new ProxyConfiguration("localhost", proxy.port(), "jenkins", "proxy"));
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        simulator.close();
    }
}
