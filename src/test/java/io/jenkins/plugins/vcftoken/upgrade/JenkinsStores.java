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

/** The stores of a saved home: an ID begins with {@code system}, {@code folder} or {@code user}, where it stands. */
final class JenkinsStores {

    private JenkinsStores() {}

    static CredentialsStore of(ModelObject where) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(where)) {
            if (store.getContext() == where) {
                return store;
            }
        }
        throw new AssertionError(where);
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
        ModelObject where =
                switch (prefix(id)) {
                    case "folder" -> (ModelObject) Jenkins.get().getItem("folder");
                    case "user" -> User.getById("alice", false);
                    default -> Jenkins.get();
                };
        try (ACLContext as = where instanceof User ? asAlice() : ACL.as2(ACL.SYSTEM2)) {
            return of(where).getCredentials(Domain.global()).stream()
                    .map(AbstractVcfCredentials.class::cast)
                    .filter(credential -> credential.getId().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(id));
        }
    }

    /** The owner of a store that no other user may read. */
    static ACLContext asAlice() {
        return ACL.as2(
                new UsernamePasswordAuthenticationToken("alice", "", Set.of(SecurityRealm.AUTHENTICATED_AUTHORITY2)));
    }

    private static String prefix(String id) {
        return id.substring(0, id.indexOf('-'));
    }
}
