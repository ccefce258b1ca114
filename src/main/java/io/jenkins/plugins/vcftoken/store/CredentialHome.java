package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** The credentials store that owns a credential, and the way of a rotated token back into it. */
public final class CredentialHome implements TokenKeeper {

    private static final Logger LOGGER = Logger.getLogger(CredentialHome.class.getName());

    private final CredentialsStore store;
    private final Domain domain;
    private final String id;

    private CredentialHome(CredentialsStore store, Domain domain, String id) {
        this.store = store;
        this.domain = domain;
        this.id = id;
    }

    /**
     * Finds the store that holds this very object; nothing but identity tells apart two credentials with one ID.
     *
     * @param near a job or folder that sees the credential, where to look first; may be null
     */
    public static Optional<CredentialHome> of(VcfCredentials credential, @CheckForNull Item near) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            Optional<CredentialHome> home = among(CredentialsProvider.lookupStores(near), credential);
            return home.isPresent() ? home : anywhere(credential);
        }
    }

    private static Optional<CredentialHome> anywhere(VcfCredentials credential) {
        Set<ModelObject> contexts = new LinkedHashSet<>();
        contexts.add(Jenkins.get());
        Jenkins.get().allItems(Item.class, item -> item instanceof ItemGroup<?>).forEach(contexts::add);
        for (ModelObject context : contexts) {
            Optional<CredentialHome> home = among(CredentialsProvider.lookupStores(context), credential);
            if (home.isPresent()) {
                return home;
            }
        }
        return Optional.empty();
    }

    private static Optional<CredentialHome> among(Iterable<CredentialsStore> stores, VcfCredentials credential) {
        for (CredentialsStore store : stores) {
            for (Domain domain : store.getDomains()) {
                for (Credentials candidate : store.getCredentials(domain)) {
                    if (candidate == credential) {
                        return Optional.of(new CredentialHome(store, domain, credential.getId()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    public Place place() {
        ModelObject context = store.getContext();
        String name = context instanceof Item item ? "folder:" + item.getFullName() : "system";
        return new Place(name, id);
    }

    @Override
    public void keep(Predicate<String> sameFamily, String current) throws IOException {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            for (Credentials candidate : store.getCredentials(domain)) {
                if (candidate instanceof VcfCredentials found && found.getId().equals(id)) {
                    replace(found, sameFamily, current);
                    return;
                }
            }
        }
    }

    private void replace(VcfCredentials found, Predicate<String> sameFamily, String current) throws IOException {
        String stored = found.storedSecret().getPlainText();
        if (stored.equals(current) || !sameFamily.test(stored)) {
            return;
        }
        try {
            store.updateCredentials(domain, found, found.withStoredSecret(Secret.fromString(current)));
        } catch (UnsupportedOperationException e) {
            LOGGER.log(
                    Level.FINE, e, () -> "The store of credential '" + id + "' is read-only; the ledger has the token");
        }
    }
}
