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
import java.util.List;
import jenkins.model.Jenkins;

/** Accounts of a simulator as credentials of a controller. */
public final class JenkinsAccount {

    private JenkinsAccount() {}

    /** The store of an owner that takes credentials: other plugins add read-only ones. */
    public static CredentialsStore storeOf(ModelObject owner) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(owner)) {
            if (store.getContext() == owner && store.isDomainsModifiable()) {
                return store;
            }
        }
        throw new IllegalArgumentException("no store of " + owner.getDisplayName());
    }

    /** An account and a global credential, both of this name. */
    public static void add(Simulator simulator, String id) throws Exception {
        add(simulator.url().toString(), simulator.authorityPem(), id, simulator.addAccount(id, "acme"));
    }

    public static void add(String url, String authorityPem, String id, String initialToken) throws Exception {
        store(of(url, authorityPem, id, initialToken));
    }

    /** Adds credentials to those of the controller. */
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

    /** Has each curl on each node trust the simulator, and sets more variables for all. */
    public static void trust(String authorityPem, EnvironmentVariablesNodeProperty.Entry... more) throws Exception {
        Path ca = Files.writeString(Jenkins.get().getRootDir().toPath().resolve("ca.pem"), authorityPem);
        List<EnvironmentVariablesNodeProperty.Entry> entries = new java.util.ArrayList<>(List.of(more));
        entries.add(new EnvironmentVariablesNodeProperty.Entry("CURL_CA_BUNDLE", ca.toString()));
        Jenkins.get().getGlobalNodeProperties().add(new EnvironmentVariablesNodeProperty(entries));
    }
}
