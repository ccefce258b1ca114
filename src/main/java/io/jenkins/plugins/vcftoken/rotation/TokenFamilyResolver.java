package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Finds the token family of a stored token, and refuses to send a token for another server or account. */
final class TokenFamilyResolver {

    private final TokenLedger ledger;
    private final TokenFamilyStore store;
    private final TokenHasher hashes;

    TokenFamilyResolver(TokenLedger ledger, TokenFamilyStore store, TokenHasher hashes) {
        this.ledger = ledger;
        this.store = store;
        this.hashes = hashes;
    }

    /**
     * Finds the family of the token for this account, or returns the ID of a new one. A token that another server has
     * accepted starts no family, since a changed address would send the secret to any server; nor does a rotating token
     * that this server has accepted for another organization, since two families would send it twice.
     *
     * @throws TokenUnavailableException when the token must not be sent for this account
     */
    String findFamily(CredentialHandle handle) throws IOException, TokenUnavailableException {
        Account account = handle.client().account();
        String token = handle.token();
        List<TokenFamily> known = store.find(token);
        TokenFamily here = TokenFamilyStore.findAmong(known, token, account, handle.location());
        if (here != null) {
            return here.id();
        }
        if (token.isEmpty()) {
            if (handle.client().needsSecret()) {
                throw TokenUnavailableException.noSecret(handle);
            }
            // Each family that was authorized in the browser has the empty token in its history, so no others are
            // checked.
            return hashes.ofFamily(account, token);
        }
        for (TokenFamily family : known) {
            refuseToSendElsewhere(handle, store.reload(family));
        }
        String hash = hashes.ofToken(token);
        Optional<TokenLedger.Tombstone> deleted = ledger.findTombstone(hash);
        if (deleted.isPresent() && !deleted.get().host().equals(account.host())) {
            throw TokenUnavailableException.wrongServer(handle, deleted.get().owner());
        }
        // The unreadable record may have a newer token of the family.
        Optional<TokenLedger.UnreadableRecord> unreadable = ledger.findUnreadable(token, hash);
        if (unreadable.isPresent()) {
            throw TokenUnavailableException.recordUnusable(handle, unreadable.get());
        }
        return hashes.ofFamily(account, token);
    }

    /** @param family of another account with the same current or former token */
    private void refuseToSendElsewhere(CredentialHandle handle, TokenFamily family) throws TokenUnavailableException {
        if (!family.tokens().current().equals(handle.token())) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        boolean isAccepted = store.isAcceptedAndRotates(family);
        boolean isThisServer =
                family.account().host().equals(handle.client().account().host());
        if (isAccepted && !isThisServer) {
            throw TokenUnavailableException.wrongServer(handle, family.account().description());
        }
        if (isThisServer && family.isOutcomeUnknown()) {
            throw TokenUnavailableException.unknownElsewhere(handle, family.account());
        }
        if (isThisServer && isAccepted && !family.tokens().nonRotating()) {
            throw TokenUnavailableException.otherOrganization(handle, family.account());
        }
    }

    /**
     * Repeats {@link #findFamily} under the lock of the family. Another thread or process may have authorized the
     * account again in the meantime, so that the token belongs to another family.
     *
     * @param found the current record of the locked family
     * @return the ID of the locked family, or of the other one
     */
    String findFamilyUnderLock(CredentialHandle handle, String id, @CheckForNull TokenFamily found)
            throws IOException, TokenUnavailableException {
        if (found != null && found.locations().contains(handle.location())) {
            return id;
        }
        if (found != null) {
            store.put(found);
        } else {
            store.uncache(id);
        }
        store.loadChanges();
        return findFamily(handle);
    }

    /**
     * @return the error of a credential without a secret; null when it has one, needs none, or its account was
     *     authorized in the browser
     */
    @CheckForNull
    TokenUnavailableException findMissingSecretError(CredentialHandle handle) {
        if (!handle.token().isEmpty() || !handle.client().needsSecret()) {
            return null;
        }
        try {
            CredentialLocation location = handle.location();
            TokenFamily authorized = store.find("", handle.client().account(), location);
            boolean isBound = authorized != null && authorized.locations().contains(location);
            return isBound ? null : TokenUnavailableException.noSecret(handle);
        } catch (IOException e) {
            return TokenUnavailableException.ledgerUnusable(handle, e);
        }
    }
}
