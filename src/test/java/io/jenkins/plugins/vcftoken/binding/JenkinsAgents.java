package io.jenkins.plugins.vcftoken.binding;

import hudson.slaves.DumbSlave;
import hudson.slaves.JNLPLauncher;
import java.nio.file.Path;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;

/** Inbound agents in their own processes. */
final class JenkinsAgents {

    private JenkinsAgents() {}

    /** Adds a node and connects its agent. The root directory of the agent is named like the node. */
    static void add(InboundAgentExtension inbound, JenkinsRule jenkins, String name, Path parent) throws Exception {
        jenkins.jenkins.addNode(new DumbSlave(name, parent.resolve(name).toString(), new JNLPLauncher(false)));
        connect(inbound, jenkins, name);
    }

    static void connect(InboundAgentExtension inbound, JenkinsRule jenkins, String name) throws Exception {
        inbound.start(
                jenkins, InboundAgentExtension.Options.newBuilder().name(name).build());
    }
}
