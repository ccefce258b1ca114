package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Decides which token family a stored token belongs to, and refuses to send a token where it does not belong. */
final class TokenFamilyResolver {

    private final TokenLedger ledger;
    private final TokenFamilyStore store;
    private final TokenHash hashes;

    TokenFamilyResolver(TokenLedger ledger, TokenFamilyStore store, TokenHash hashes) {
        this.ledger = ledger;
        this.store = store;
        this.hashes = hashes;
    }

    /**
     * The family that the token belongs to for this account, or begins there. A token that another server has accepted
     * begins none: else a changed address would send the secret to any server. Nor does a rotating token that this
     * server has accepted for another organization: two families would send one token twice.
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
            // Each family of an account that was authorized in the browser has the empty token in its history.
            return hashes.ofFamily(account, token);
        }
        for (TokenFamily family : known) {
            refuseToSendElsewhere(handle, store.reread(family));
        }
        String hash = hashes.ofToken(token);
        Optional<TokenLedger.Tombstone> deleted = ledger.findTombstone(hash);
        if (deleted.isPresent() && !deleted.get().host().equals(account.host())) {
            throw TokenUnavailableException.wrongServer(handle, deleted.get().owner());
        }
        // That record may be the only one with the newest token; the credential's token may be a former one.
        Optional<TokenLedger.UnreadableRecord> unusable = ledger.unusable(token, hash);
        if (unusable.isPresent()) {
            throw TokenUnavailableException.recordUnusable(handle, unusable.get());
        }
        return hashes.ofFamily(account, token);
    }

    /** @param family of another account, which has or had the same token */
    private void refuseToSendElsewhere(CredentialHandle handle, TokenFamily family) throws TokenUnavailableException {
        if (!family.tokens().current().equals(handle.token())) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        boolean isProven = store.isProvenAndRotates(family);
        boolean isThisServer =
                family.account().host().equals(handle.client().account().host());
        if (isProven && !isThisServer) {
            throw TokenUnavailableException.wrongServer(handle, family.account().description());
        }
        if (isThisServer && family.isOutcomeUnknown()) {
            throw TokenUnavailableException.unknownElsewhere(handle, family.account());
        }
        if (isThisServer && isProven && !family.tokens().nonRotating()) {
            throw TokenUnavailableException.otherOrganization(handle, family.account());
        }
    }

    /**
     * The same under the lock of the family that was found. The account may have been authorized again while this
     * thread waited for the lock, or by another process; then the token leads to another family.
     *
     * @param found the locked family's record as it is now
     * @return the locked family's ID where the token leads to it
     */
    String findFamilyAgain(CredentialHandle handle, String id, @CheckForNull TokenFamily found)
            throws IOException, TokenUnavailableException {
        if (found != null && found.locations().contains(handle.location())) {
            return id;
        }
        if (found != null) {
            store.put(found);
        } else {
            store.uncache(id);
        }
        store.catchUp();
        return findFamily(handle);
    }

    /**
     * The error of a credential that stores no secret.
     *
     * @return null where it stores one, needs none, or its account was authorized in the browser
     */
    @CheckForNull
    TokenUnavailableException secretMissing(CredentialHandle handle) {
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
