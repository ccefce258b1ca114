package io.jenkins.plugins.vcftoken.upgrade;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.security.SecurityRealm;
import io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.util.Set;
import jenkins.model.Jenkins;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;

/**
 * Credentials in a sample JENKINS_HOME. The prefix of the ID names the store: {@code system}, {@code folder} or {@code
 * user}.
 */
final class JenkinsSampleCredentials {

    private JenkinsSampleCredentials() {}

    static CredentialsStore findStore(ModelObject context) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context) {
                return store;
            }
        }
        throw new AssertionError(context);
    }

    static CredentialLocation location(String id) {
        return new CredentialLocation(
                switch (prefix(id)) {
                    case "folder" -> "folder:folder";
                    case "user" -> "user:alice";
                    default -> "system";
                },
                id);
    }

    static AbstractVcfCredentials find(String id) {
        ModelObject context =
                switch (prefix(id)) {
                    case "folder" -> (ModelObject) Jenkins.get().getItem("folder");
                    case "user" -> User.getById("alice", false);
                    default -> Jenkins.get();
                };
        try (ACLContext as = context instanceof User ? asAlice() : ACL.as2(ACL.SYSTEM2)) {
            return findStore(context).getCredentials(Domain.global()).stream()
                    .map(AbstractVcfCredentials.class::cast)
                    .filter(credential -> credential.getId().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(id));
        }
    }

    /** Impersonates the owner of the user store, which other users cannot read. */
    static ACLContext asAlice() {
        return ACL.as2(
                new UsernamePasswordAuthenticationToken("alice", "", Set.of(SecurityRealm.AUTHENTICATED_AUTHORITY2)));
    }

    private static String prefix(String id) {
        return id.substring(0, id.indexOf('-'));
    }
}
