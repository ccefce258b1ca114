package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.rotation.InMemoryVersionedSecret.Fault;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Controllers with separate home directories that share a {@link VersionedSecret}. */
class SharedTokenCoordinatorTest {

    private static final Account ACCOUNT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final CredentialLocation LOCATION = new CredentialLocation("system", "sa");
    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final Duration LIFETIME = Duration.ofHours(1);

    private final InMemoryVersionedSecret store = new InMemoryVersionedSecret("initial");
    private final Server server = new Server();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private TokenManager one;
    private TokenManager other;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        one = controller("one");
        other = controller("other");
    }

    private TokenManager controller(String name) throws IOException {
        return controller(name, TIMEOUT, () -> now);
    }

    private TokenManager controller(String name, Duration timeout, InstantSource clock) throws IOException {
        return new TokenManager(
                new FileTokenLedger(directory.resolve(name), TestTokenService.CIPHER),
                text -> TestTokenService.HASH.hash(name + text),
                Runnable::run,
                Runnable::run,
                clock,
                timeout,
                () -> true,
                TokenEventListener.NONE);
    }

    @Test
    void request_whenTheClaimOfAnotherControllerEndsBeforeTheWait_doesNotWait() throws Exception {
        List<TokenManager> waiting = new ArrayList<>();
        for (int i = 1; i < TIMEOUT.toSeconds(); i++) {
            int step = i;
            waiting.add(controller("waiting" + i, TIMEOUT, () -> now = now.plusSeconds(step)));
        }
        List<Duration> limits = new ArrayList<>();
        store.setOnWait(limits::add);
        server.onRequest = () -> {
            server.onRequest = null;
            Instant claimed = now;
            waiting.forEach(controller -> {
                now = claimed;
                assertThat(controller.request(handle("initial"), token -> true)).isCompletedExceptionally();
            });
            now = claimed;
        };
        get(one, "initial");
        assertThat(limits).isNotEmpty().noneMatch(Duration::isNegative);
    }

    @Test
    @Timeout(60)
    void publish_whileTheStoreIsDown_isRepeatedWithoutAnotherUse() throws Exception {
        TokenManager controller = controller("third", Duration.ofMillis(200), () -> now);
        server.onRequest = () -> store.setFault(Fault.DOWN);
        get(controller, "initial");
        server.onRequest = null;
        assertThat(store.content().secret()).isEqualTo("initial");
        Thread.sleep(500);
        store.setFault(Fault.NONE);
        while (!store.content().secret().equals("rotated-1")) {
            Thread.sleep(10);
        }
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void request_afterItsControllerPublishedLast_doesNotReadTheStore() throws Exception {
        get(one, "initial");
        int reads = store.reads();
        store.setStaleness(0);
        now = now.plus(LIFETIME);
        get(one, "rotated-1");
        assertThat(store.reads()).isEqualTo(reads);
        assertThat(store.content().secret()).isEqualTo("rotated-2");
    }

    @Test
    void request_withADamagedCachedState_readsTheStore() throws Exception {
        store.put("initial", "no JSON");
        store.put("initial", null);
        store.setStaleness(1);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
    }

    @Test
    void request_withAnAccessTokenPublishedByAnotherController_sendsNothing() throws Exception {
        AccessToken first = get(one, "initial").accessToken();
        TokenResult result = get(other, "initial");
        assertThat(result.accessToken()).isEqualTo(first);
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void request_afterAnotherControllerRotatedTheToken_sendsTheNewest_whateverTheCredentialStoresHere()
            throws Exception {
        get(one, "initial");
        now = now.plus(LIFETIME);
        get(other, "initial");
        now = now.plus(LIFETIME);
        get(one, "initial");
        now = now.plus(LIFETIME);
        get(other, "a token that this controller has not seen", "rotated-3");
        assertThat(server.received).containsExactly("initial", "rotated-1", "rotated-2", "rotated-3");
        assertThat(other.administration().list()).hasSize(1);
    }

    private void get(TokenManager controller, String description, String stored) throws Exception {
        assertThat(get(controller, stored).error()).as(description).isNull();
    }

    @Test
    void request_whileAnotherControllerRequests_waitsForItsAccessToken() throws Exception {
        AccessToken[] issued = new AccessToken[1];
        server.onRequest = () -> {
            server.onRequest = null;
            store.setOnWait(limit -> {
                // The claim of the first controller is valid.
                assertThat(limit).isEqualTo(TIMEOUT);
                throw new InterruptedException("the test has one thread");
            });
            issued[0] = null;
            assertThat(other.request(handle("initial"), token -> true)).isCompletedExceptionally();
        };
        get(one, "initial");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void request_afterAnotherControllerWasKilledDuringOne_waitsUntilItsAccessTokenWouldExpire() throws Exception {
        get(one, "initial");
        now = now.plus(LIFETIME);
        server.onRequest = () -> {
            throw new StackOverflowError("killed");
        };
        assertThat(one.request(handle("initial"), token -> true)).isCompletedExceptionally();
        server.onRequest = null;
        store.setOnWait(limit -> now = now.plus(limit));
        Instant claimed = now;
        TokenUnavailableException delayed = getError(other, "rotated-1");
        assertThat(delayed).hasMessageContaining("another controller stopped while");
        assertThat(delayed.retry()).isEqualTo(claimed.plus(LIFETIME));
        now = claimed.plus(LIFETIME);
        assertThat(get(other, "rotated-1").error()).isNull();
        assertThat(server.received).containsExactly("initial", "rotated-1", "rotated-1");
    }

    @Test
    void request_whileTheStoreIsDown_usesTheValidAccessToken_andSendsNothing() throws Exception {
        get(one, "initial");
        store.setFault(Fault.DOWN);
        now = now.plus(LIFETIME.minusMinutes(10));
        TokenResult valid = one.await(handle("rotated-1"), token -> false);
        assertThat(valid.error())
                .hasMessageContaining("nothing was sent")
                .hasMessageContaining("The secret of the test (connection refused)");
        now = now.plus(LIFETIME);
        assertThat(getError(one, "rotated-1")).hasMessageContaining("another controller may be sending it");
        assertThat(one.snapshot().find(ACCOUNT, "rotated-1", LOCATION).error())
                .isEqualTo("the refresh token could not be claimed in The secret of the test (connection refused)");
        store.setFault(Fault.NONE);
        assertThat(get(one, "rotated-1").error()).isNull();
        assertThat(one.snapshot().find(ACCOUNT, "rotated-1", LOCATION).error()).isNull();
        assertThat(server.received).containsExactly("initial", "rotated-1");
    }

    @Test
    void withError_whileTheOutcomeIsUnknown_keepsTheError() {
        TokenFamily created = TokenFamily.created(ACCOUNT, "initial", TestTokenService.HASH, now);
        assertThat(created.withError("not claimed").error()).isEqualTo("not claimed");
        assertThat(created.unknown("no answer", now, now)
                        .withError("not claimed")
                        .error())
                .isEqualTo("no answer");
    }

    @Test
    void request_withAStoreThatNoControllerMayWrite_keepsTheTokensInTheLedger() throws Exception {
        store.setFault(Fault.READ_ONLY);
        get(one, "initial");
        now = now.plus(LIFETIME);
        get(one, "initial");
        assertThat(server.received).containsExactly("initial", "rotated-1");
        assertThat(one.snapshot().isUnsaved(LOCATION)).isFalse();
    }

    @Test
    void request_withAStoreThatOnlyAnotherControllerMayWrite_sendsNothing() throws Exception {
        get(one, "initial");
        now = now.plus(LIFETIME);
        store.setFault(Fault.READ_ONLY);
        assertThat(getError(other, "rotated-1")).hasMessageContaining("Allow this controller to update it");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void publish_thatFailed_isRepeatedAtTheNextUse() throws Exception {
        server.onRequest = () -> store.setFault(Fault.DOWN);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("initial");
        assertThat(one.snapshot().isUnsaved(LOCATION)).isTrue();
        store.setFault(Fault.NONE);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
        assertThat(one.snapshot().isUnsaved(LOCATION)).isFalse();
        assertThat(get(other, "initial").accessToken().value()).isEqualTo("access-1");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void request_withALostWriteResponse_readsTheStore() throws Exception {
        store.setFault(Fault.WRITE_RESPONSE_LOST);
        assertThat(get(one, "initial").error()).isNull();
        assertThat(store.content().secret()).isEqualTo("rotated-1");
    }

    @Test
    void request_withAStoreThatOthersChange_readsAgain() throws Exception {
        store.setFault(Fault.CHANGED_ONCE);
        server.onRequest = () -> store.setFault(Fault.CHANGED_ONCE);
        assertThat(get(one, "initial").error()).isNull();
        assertThat(store.content().secret()).isEqualTo("rotated-1");
    }

    @Test
    void writeBack_afterAFileRestoredTheInitialToken_replacesIt() throws Exception {
        get(one, "initial");
        store.put("initial", store.content().state());
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void writeBack_afterTheSecretWasCreatedAgain_restoresTheCurrentToken() throws Exception {
        get(one, "initial");
        store.put("initial", null);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
        assertThat(get(other, "rotated-1").error()).isNull();
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void request_afterAUserStoredAnotherToken_sendsIt() throws Exception {
        get(one, "initial");
        server.newest = "entered";
        store.put("entered", store.content().state());
        // The credential still has the former token.
        TokenResult result = one.await(handle("rotated-1"), token -> false);
        assertThat(result.error()).isNull();
        assertThat(server.received).containsExactly("initial", "entered");
        assertThat(store.content().secret()).isEqualTo("rotated-2");
    }

    @Test
    void request_ofAControllerWithAnEmptyHome_usesTheStoredToken() throws Exception {
        for (int i = 0; i < 20; i++) {
            TokenManager fresh = controller("fresh-" + i);
            assertThat(get(fresh, store.content().secret()).error()).isNull();
            now = now.plus(LIFETIME);
        }
        assertThat(server.received).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void request_afterARefusalThatAnotherControllerPublished_sendsNothing() throws Exception {
        server.newest = "another one";
        getError(one, "initial");
        assertThat(getError(other, "initial")).hasMessageContaining("rejected earlier");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void state_containsTheAccessTokenIfTheStoreAcceptsIt() throws Exception {
        get(one, "initial");
        assertThat(store.content().state()).contains("access-1");
        store.setFault(Fault.NONE);
        store.refuseAccessTokens();
        now = now.plus(LIFETIME);
        get(one, "initial");
        assertThat(store.content().state()).contains("rotated-2").doesNotContain("access-2");
        get(other, "rotated-2");
        assertThat(server.received).containsExactly("initial", "rotated-1", "rotated-2");
    }

    @Test
    void state_ofAnotherFormat_isNotOverwritten() {
        store.put("initial", "{\"format\":2}");
        assertThat(getError(one, "initial")).hasMessageContaining("its state is not of format 1");
        assertThat(server.received).isEmpty();
    }

    @Test
    void request_whenSavingTakesTooLongForTheClaim_isNotSent() throws Exception {
        get(one, "initial");
        now = now.plus(LIFETIME);
        store.setAfterWrite(() -> now = now.plus(TIMEOUT));
        assertThat(getError(one, "rotated-1")).hasMessageContaining("its claim is no longer safe");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void request_withANonRotatingSecretThatWasReplaced_sendsTheNewOne_andNeedsNoStore() throws Exception {
        server.rotates = false;
        store.setFault(Fault.DOWN);
        get(one, "initial");
        now = now.plus(LIFETIME);
        server.newest = "entered";
        get(one, "entered");
        assertThat(server.received).containsExactly("initial", "entered");
    }

    @Test
    void publish_afterOthersChangedTheObjectDuringTheRequest_readsAgain() throws Exception {
        server.onRequest = () -> store.setFault(Fault.CHANGED_ONCE);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void publish_whileTheObjectChangesEachTime_isRepeatedAtTheNextUse() throws Exception {
        server.onRequest = () -> store.setFault(Fault.CHANGED_ALWAYS);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("initial");
        store.setFault(Fault.NONE);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void publish_afterAUserStoredAnotherToken_keepsIt() throws Exception {
        server.onRequest = () -> store.put("entered", null);
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("entered");
        assertThat(server.received).containsExactly("initial");
    }

    @Test
    void publish_afterTheTokenOfAnotherFamilyWasPublished_keepsBoth() throws Exception {
        get(one, "initial");
        VersionedSecret.Content published = store.content();
        store.put("again", null);
        server.newest = "again";
        server.onRequest = () -> store.put(published.secret(), published.state());
        get(other, "again");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
        assertThat(other.administration().list())
                .singleElement()
                .satisfies(family -> assertThat(family.tokens().current()).isEqualTo("rotated-2"));
    }

    @Test
    void request_withAnEmptyState_claimsTheToken() throws Exception {
        store.put("initial", "");
        get(one, "initial");
        assertThat(store.content().secret()).isEqualTo("rotated-1");
    }

    @Test
    void request_afterTheAddressWasChanged_usesNoAccessTokenOfTheFormerServer() throws Exception {
        get(one, "initial");
        server.account = new Account("VCF Automation", URI.create("https://other.example.com"), "acme");
        assertThat(get(other, "rotated-1").accessToken().value()).isEqualTo("access-2");
        assertThat(server.received).containsExactly("initial", "rotated-1");
    }

    private TokenResult get(TokenManager controller, String stored) throws Exception {
        return controller.await(handle(stored), token -> true);
    }

    private TokenUnavailableException getError(TokenManager controller, String stored) {
        return catchThrowableOfType(TokenUnavailableException.class, () -> get(controller, stored));
    }

    private CredentialHandle handle(String stored) {
        return new CredentialHandle("sa", LOCATION, stored, server, store.writer());
    }

    private final class Server implements TokenClient {
        private final List<String> received = new ArrayList<>();
        private String newest = "initial";
        private Runnable onRequest;
        private boolean rotates = true;
        private Account account = ACCOUNT;

        @Override
        public Account account() {
            return account;
        }

        @Override
        public boolean rotates() {
            return rotates;
        }

        @Override
        public TokenResponse requestToken(String token) throws TokenRequestException {
            received.add(token);
            if (onRequest != null) {
                onRequest.run();
            }
            if (!token.equals(newest)) {
                throw new TokenRequestException.Rejected(TokenErrorType.REFRESH_TOKEN_REJECTED, "invalid_grant");
            }
            newest = rotates ? "rotated-" + received.size() : newest;
            return new TokenResponse(new AccessToken("access-" + received.size(), now, now.plus(LIFETIME)), newest);
        }
    }
}
