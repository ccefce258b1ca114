package io.jenkins.plugins.vcftoken;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.ModelObject;
import hudson.slaves.EnvironmentVariablesNodeProperty;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;

/** Creates and stores credentials for accounts of a simulator. */
public final class JenkinsAccount {

    private JenkinsAccount() {}

    /** The writable store of a context; other plugins add read-only stores. */
    public static CredentialsStore findStore(ModelObject context) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context && store.isDomainsModifiable()) {
                return store;
            }
        }
        throw new IllegalArgumentException("no store of " + context.getDisplayName());
    }

    /** Adds an account to the simulator, and a global credential with the same ID. */
    public static void add(Simulator simulator, String id) throws Exception {
        add(simulator.url().toString(), simulator.authorityPem(), id, simulator.addAccount(id, "acme"));
    }

    public static void add(String url, String authorityPem, String id, String initialToken) throws Exception {
        store(of(url, authorityPem, id, initialToken));
    }

    /** Adds credentials to the system store. */
    public static void store(Credentials... added) throws IOException {
        SystemCredentialsProvider.getInstance().getCredentials().addAll(List.of(added));
        SystemCredentialsProvider.getInstance().save();
    }

    public static VcfaServiceAccount of(String url, String authorityPem, String id, String initialToken) {
        VcfaServiceAccount credential =
                new VcfaServiceAccount(CredentialsScope.GLOBAL, id, null, url, "acme", Secret.fromString(initialToken));
        credential.setCaCertificates(authorityPem);
        return credential;
    }

    /** Makes curl trust the authority on all nodes, and sets further environment variables. */
    public static void trust(String authorityPem, EnvironmentVariablesNodeProperty.Entry... variables)
            throws Exception {
        Path ca = Files.writeString(Jenkins.get().getRootDir().toPath().resolve("ca.pem"), authorityPem);
        List<EnvironmentVariablesNodeProperty.Entry> entries = new ArrayList<>(List.of(variables));
        entries.add(new EnvironmentVariablesNodeProperty.Entry("CURL_CA_BUNDLE", ca.toString()));
        Jenkins.get().getGlobalNodeProperties().add(new EnvironmentVariablesNodeProperty(entries));
    }
}
