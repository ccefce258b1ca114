package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Model of two controllers on one home directory. Actions: new and restored tokens, a copied credential, lost requests
 * and responses, a busy server, changes of the organization, time, and crashes. Runs all orders of actions up to a
 * length ({@code -Dmodel.depth}). Asserts after each action that no token was sent again while a refusal could revoke a
 * valid access token, and that the newest token is on disk, or a record reports its loss. At the end, only an account
 * with a lost token needs a user's action.
 */
class TokenManagerModelTest {

    private enum Action {
        ONE_REQUESTS,
        OTHER_REQUESTS,
        OTHER_REQUESTS_DURING_A_REQUEST,
        USER_ENTERS_A_NEW_INITIAL_TOKEN,
        USER_AUTHORIZES_AT_THE_OTHER,
        CONFIGURATION_RELOADS,
        STALE_FORM_IS_SAVED,
        COPY_REQUESTS_WITH_THE_OLDEST_TOKEN,
        COPY_REQUESTS_DURING_A_REQUEST,
        SERVER_IS_DOWN,
        RESPONSE_IS_LOST,
        REQUEST_IS_LOST,
        SERVER_IS_BUSY,
        TWO_HOURS_PASS,
        FIFTEEN_MINUTES_PASS,
        ORGANIZATION_IS_RESPELLED,
        ANOTHER_ORGANIZATION_IS_SET,
        CRASH_BEFORE_SAVING,
        CRASH_BEFORE_SENDING,
        CRASH_AFTER_THE_SERVER_ROTATED,
        CRASH_BEFORE_THE_WRITE_BACK
    }

    private static final Account ACCOUNT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final Duration LIFETIME = Duration.ofHours(1);
    private static final int DEPTH = Integer.getInteger("model.depth", 4);

    private static final Logger LOGGER = Logger.getLogger(TokenManager.class.getName());
    private static int recovered;

    @BeforeAll
    static void silenceLogger() {
        LOGGER.setLevel(Level.WARNING);
    }

    @AfterAll
    static void restoreLogger() {
        LOGGER.setLevel(null);
    }

    @Test
    void everyOrderOfActions_losesNoToken_andSendsNoneTwice() {
        int sequences = 0;
        int[] order = new int[DEPTH];
        do {
            Model model = new Model();
            for (int index : order) {
                model.perform(Action.values()[index]);
            }
            model.assertRecovers();
            sequences++;
        } while (next(order));
        System.out.println("Model: " + sequences + " orders of " + DEPTH + " actions, recovered " + recovered);
    }

    private static boolean next(int[] order) {
        for (int i = 0; i < order.length; i++) {
            if (++order[i] < Action.values().length) {
                return true;
            }
            order[i] = 0;
        }
        return false;
    }

    /** Ends a controller like {@code kill -9}. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final class Model {
        private final List<Action> performed = new ArrayList<>();
        private final Map<String, TokenFamily> disk = new HashMap<>();
        private final Set<String> locked = new HashSet<>();

        /** IDs of families before the last initial token; their states do not count as reports. */
        private final Set<String> formerFamilies = new HashSet<>();

        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        // Server
        private final Set<String> received = new HashSet<>();
        /** Tokens with a response that the client received. */
        private final Set<String> answered = new HashSet<>();

        private final Set<String> refused = new HashSet<>();
        private String newest = "initial-0";
        private int issued;
        /** Whether the response with the newest token was lost. */
        private boolean isNewestLost;

        /** Initial token by token. */
        private final Map<String, String> initialTokenOf = new HashMap<>(Map.of(newest, newest));
        /** End of the last access token that the client received, by initial token. */
        private final Map<String, Instant> accessTokenExpiry = new HashMap<>();

        // Credentials store, and copies of its content
        private String stored = newest;
        private String yaml = newest;
        private String formBefore = newest;
        private String oldest = newest;

        /** Requests of a copied credential during a request of the original one. */
        private final List<CompletableFuture<TokenResult>> copyRequests = new ArrayList<>();

        private Action currentAction;
        private TokenManager one = controller();
        private final TokenManager other = controller();

        private TokenManager controller() {
            return new TokenManager(
                    new DiskLedger(),
                    text -> text,
                    Runnable::run,
                    Runnable::run,
                    () -> now,
                    Duration.ofMinutes(1),
                    () -> true,
                    new TokenEventListener() {
                        @Override
                        public void granted(
                                CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
                            recovered += before.state() == TokenFamily.Status.UNKNOWN ? 1 : 0;
                        }
                    });
        }

        void perform(Action next) {
            performed.add(next);
            currentAction = next;
            String before = stored;
            switch (next) {
                case OTHER_REQUESTS -> request(other, "sa", stored);
                case TWO_HOURS_PASS -> now = now.plus(LIFETIME).plus(LIFETIME);
                case FIFTEEN_MINUTES_PASS -> now = now.plus(LIFETIME.dividedBy(4));
                case ORGANIZATION_IS_RESPELLED -> request(one, handle("sa", stored, "ACME"));
                case ANOTHER_ORGANIZATION_IS_SET -> request(one, handle("sa", stored, "globex"));
                case USER_ENTERS_A_NEW_INITIAL_TOKEN -> {
                    formerFamilies.addAll(disk.keySet());
                    issueInitialToken();
                    stored = newest;
                    yaml = newest;
                }
                case USER_AUTHORIZES_AT_THE_OTHER -> {
                    issueInitialToken();
                    authorize(other, newest);
                    stored = newest;
                }
                case CONFIGURATION_RELOADS -> stored = yaml;
                case STALE_FORM_IS_SAVED -> stored = formBefore;
                case COPY_REQUESTS_WITH_THE_OLDEST_TOKEN -> {
                    if (!oldest.equals(newest)) {
                        assertThat(request(one, "copy", oldest))
                                .as(this::describe)
                                .isNull();
                    }
                }
                default -> request(one, "sa", stored);
            }
            if (!stored.equals(before)) {
                formBefore = before;
            }
            assertThat(copyRequests).as(this::describe).allMatch(CompletableFuture::isCompletedExceptionally);
            copyRequests.clear();
            locked.clear();
            assertInvariants();
        }

        private void issueInitialToken() {
            newest = "initial-" + ++issued;
            initialTokenOf.put(newest, newest);
            isNewestLost = false;
        }

        /** The account recovers after some time unless its token is lost, and always with a new initial token. */
        void assertRecovers() {
            perform(Action.TWO_HOURS_PASS);
            if (!isNewestLost) {
                assertGetsToken(newest);
            }
            perform(Action.USER_ENTERS_A_NEW_INITIAL_TOKEN);
            assertGetsToken(stored);
            assertThat(stored).as(this::describe).isEqualTo(newest);
        }

        private void assertGetsToken(String token) {
            currentAction = Action.ONE_REQUESTS;
            TokenResult result = request(one, "sa", token);
            assertThat(result).as(this::describe).isNotNull();
            assertThat(result.error()).as(this::describe).isNull();
        }

        private void assertInvariants() {
            boolean isOnDisk = disk.values().stream()
                    .anyMatch(record -> record.state() != TokenFamily.Status.REJECTED
                            && record.tokens().current().equals(newest));
            boolean isReported = disk.values().stream()
                    .filter(record -> !formerFamilies.contains(record.id()))
                    .anyMatch(record -> record.state() != TokenFamily.Status.READY);
            boolean isUnsent = newest.startsWith("initial") && !received.contains(newest);
            assertThat(stored.equals(newest) || isOnDisk || isUnsent || (isNewestLost && isReported))
                    .as(this::describe)
                    .isTrue();
        }

        private String describe() {
            return performed + " with " + disk.values() + ", stored " + stored + ", newest " + newest;
        }

        private CredentialHandle handle(String location, String token, String organization) {
            return new CredentialHandle(
                    "sa", new CredentialLocation(location, "sa"), token, new Server(organization), this::writeBack);
        }

        private TokenResult request(TokenManager controller, String location, String token) {
            return request(controller, handle(location, token, "acme"));
        }

        /** @return null when there was no access token */
        private TokenResult request(TokenManager controller, CredentialHandle handle) {
            try {
                return controller.request(handle, accessToken -> false).get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Crash) {
                    one = controller();
                } else {
                    assertThat(e.getCause()).as(this::describe).isInstanceOf(TokenUnavailableException.class);
                    assertThat(e.getCause().getMessage()).contains("Credential ‘sa’");
                }
                return null;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void authorize(TokenManager controller, String token) {
            try {
                controller
                        .administration()
                        .authorized(ACCOUNT, new CredentialLocation("sa", "sa"), stored, token, null);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void writeBack(Predicate<String> sameFamily, String current, boolean force) {
            if (currentAction == Action.CRASH_BEFORE_THE_WRITE_BACK) {
                throw new Crash();
            }
            if (sameFamily.test(stored)) {
                stored = current;
            }
        }

        private final class Server implements TokenClient {

            private final String organization;

            Server(String organization) {
                this.organization = organization;
            }

            @Override
            public Account account() {
                return new Account(ACCOUNT.system(), ACCOUNT.url(), organization);
            }

            @Override
            public TokenResponse requestToken(String token) throws TokenRequestException {
                if (currentAction == Action.CRASH_BEFORE_SENDING) {
                    throw new Crash();
                }
                if (currentAction == Action.SERVER_IS_DOWN) {
                    throw new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "down", null);
                }
                if (organization.equals("globex")) {
                    boolean isRotated = received.contains(token) || token.startsWith("rotated-");
                    assertThat(refused.contains(token) || !isRotated)
                            .as(Model.this::describe)
                            .isTrue();
                    throw new TokenRequestException.Rejected(TokenErrorType.REFRESH_TOKEN_REJECTED, "invalid_grant");
                }
                if (currentAction == Action.SERVER_IS_BUSY) {
                    throw new TokenRequestException.Throttled("busy", LIFETIME);
                }
                if (!received.add(token)) {
                    assertThat(answered).as(Model.this::describe).doesNotContain(token);
                    assertThat(accessTokenExpiry.getOrDefault(initialTokenOf.get(token), Instant.MIN))
                            .as(Model.this::describe)
                            .isBeforeOrEqualTo(now);
                }
                if (currentAction == Action.OTHER_REQUESTS_DURING_A_REQUEST) {
                    currentAction = Action.ONE_REQUESTS;
                    TokenResult cached = request(other, "sa", stored);
                    assertThat(cached == null || cached.error() != null)
                            .as(Model.this::describe)
                            .isTrue();
                }
                if (currentAction == Action.COPY_REQUESTS_DURING_A_REQUEST) {
                    currentAction = Action.ONE_REQUESTS;
                    if (!oldest.equals(token)) {
                        copyRequests.add(one.request(handle("copy", oldest, "acme"), accessToken -> true));
                    }
                }
                if (currentAction == Action.REQUEST_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                if (!token.equals(newest)) {
                    answered.add(token);
                    refused.add(token);
                    throw new TokenRequestException.Rejected(TokenErrorType.REFRESH_TOKEN_REJECTED, "invalid_grant");
                }
                newest = "rotated-" + ++issued;
                initialTokenOf.put(newest, initialTokenOf.get(token));
                isNewestLost = true;
                if (currentAction == Action.CRASH_AFTER_THE_SERVER_ROTATED) {
                    throw new Crash();
                }
                if (currentAction == Action.RESPONSE_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                isNewestLost = false;
                answered.add(token);
                accessTokenExpiry.put(initialTokenOf.get(token), now.plus(LIFETIME));
                return new TokenResponse(new AccessToken("access-" + issued, now, now.plus(LIFETIME)), newest);
            }
        }

        private final class DiskLedger implements TokenLedger {
            @Override
            public Optional<TokenFamily> load(String id) {
                return Optional.ofNullable(disk.get(id));
            }

            @Override
            public void save(TokenFamily record) {
                if (currentAction == Action.CRASH_BEFORE_SAVING) {
                    throw new Crash();
                }
                disk.put(record.id(), record);
            }

            @Override
            public void delete(String id) {
                disk.remove(id);
            }

            @Override
            public Contents contents() {
                return new Contents(List.copyOf(disk.values()), List.of());
            }

            @Override
            public Lock lock(String id, Duration limit) throws IOException {
                if (!locked.add(id)) {
                    throw new IOException("locked");
                }
                return () -> locked.remove(id);
            }
        }
    }
}
