package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Decides which token family a stored token belongs to, and refuses to send a token where it does not belong. */
final class TokenFamilyResolver {

    private final TokenLedger ledger;
    private final TokenFamilyCache cache;
    private final TokenHash hashes;

    TokenFamilyResolver(TokenLedger ledger, TokenFamilyCache cache, TokenHash hashes) {
        this.ledger = ledger;
        this.cache = cache;
        this.hashes = hashes;
    }

    /**
     * The family that the token belongs to for this account, or begins there. A token that another server has accepted
     * begins none: else a changed address would send the secret to any server. Nor does a rotating token that this
     * server has accepted for another organization: two families would send one token twice.
     *
     * @param hash of the handle's token
     * @throws TokenUnavailableException when the token must not be sent for this account
     */
    String findFamily(CredentialHandle handle, String hash) throws IOException, TokenUnavailableException {
        Account account = handle.service().account();
        List<TokenFamilyCache.Entry> known = cache.find(hash);
        TokenFamilyCache.Entry here = TokenFamilyCache.findAmong(known, hash, account, handle.location());
        if (here != null) {
            return here.familyId();
        }
        if (handle.token().isBlank()) {
            if (handle.service().needsSecret()) {
                throw TokenUnavailableException.noSecret(handle);
            }
            // Each family of an account that was authorized in the browser has the empty token in its history.
            return hashes.ofFamily(account, handle.token());
        }
        for (TokenFamilyCache.Entry entry : cache.reread(known)) {
            refuseToSendElsewhere(handle, hash, entry);
        }
        Optional<FamilyTombstone> deleted = ledger.findTombstone(hash);
        if (deleted.isPresent() && !deleted.get().host().equals(account.host())) {
            throw TokenUnavailableException.wrongServer(handle, deleted.get().owner());
        }
        // That record may be the only one with the newest token; the credential's token may be a former one.
        Optional<UnreadableRecord> unusable = ledger.unusable(handle.token(), hash);
        if (unusable.isPresent()) {
            throw TokenUnavailableException.recordUnusable(handle, unusable.get());
        }
        return hashes.ofFamily(account, handle.token());
    }

    /** @param entry a family of another account that has or had the same token */
    private static void refuseToSendElsewhere(CredentialHandle handle, String hash, TokenFamilyCache.Entry entry)
            throws TokenUnavailableException {
        if (!entry.currentHash().equals(hash)) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        boolean isThisServer =
                entry.account().host().equals(handle.service().account().host());
        if (entry.proven() && !isThisServer) {
            throw TokenUnavailableException.wrongServer(handle, entry.account().description());
        }
        if (isThisServer && entry.isOutcomeUnknown()) {
            throw TokenUnavailableException.unknownElsewhere(handle, entry.account());
        }
        if (isThisServer && entry.proven() && !entry.nonRotating()) {
            throw TokenUnavailableException.otherOrganization(handle, entry.account());
        }
    }

    /**
     * The same under the lock of the family that was found. The account may have been authorized again while this
     * thread waited for the lock, or by another process; then the token leads to another family.
     *
     * @param found the locked family's record as it is now
     * @param written whether that is in the ledger
     * @return the locked family's ID where the token leads to it
     */
    String findFamilyAgain(
            CredentialHandle handle, String hash, String id, @CheckForNull TokenFamily found, boolean written)
            throws IOException, TokenUnavailableException {
        if (found != null && found.locations().contains(handle.location())) {
            return id;
        }
        if (found != null) {
            cache.put(found, written);
        } else {
            cache.forget(id);
        }
        cache.catchUp();
        return findFamily(handle, hash);
    }

    /**
     * The error of a credential that stores no secret.
     *
     * @return null where it stores one, needs none, or its account was authorized in the browser
     */
    @CheckForNull
    TokenUnavailableException secretMissing(CredentialHandle handle) {
        if (!handle.token().isBlank() || !handle.service().needsSecret()) {
            return null;
        }
        try {
            String nothing = hashes.ofToken("");
            TokenFamilyCache.Entry authorized = TokenFamilyCache.findAmong(
                    cache.find(nothing), nothing, handle.service().account(), handle.location());
            boolean isBound = authorized != null && authorized.locations().contains(handle.location());
            return isBound ? null : TokenUnavailableException.noSecret(handle);
        } catch (IOException e) {
            return TokenUnavailableException.ledgerUnusable(handle, e);
        }
    }
}
