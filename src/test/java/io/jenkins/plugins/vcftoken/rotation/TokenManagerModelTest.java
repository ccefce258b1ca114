package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Two controllers on one home, a person, configuration as code, a stale form, a thief, lost requests and answers, a busy
 * server, another spelling of the organization and another organization, time that passes, and crashes at each point, in
 * every order up to a depth ({@code -Dmodel.depth}). After each move no token was sent again while anything could be lost
 * by it, and the account's living token is on disk, or the server alone has it and a record says so. At the end, when
 * time has passed, an account whose server kept its token to itself alone needs a person, and no other does.
 */
class TokenManagerModelTest {

    private enum Move {
        ONE_ASKS,
        OTHER_ASKS,
        ONE_ASKS_WHILE_OTHER_IS_IN_FLIGHT,
        PERSON_TYPES_A_NEW_INITIAL_TOKEN,
        PERSON_AUTHORIZES_AGAIN_AT_THE_OTHER,
        CONFIGURATION_RELOADS,
        STALE_FORM_IS_SAVED,
        THIEF_TRIES_THE_OLDEST_TOKEN,
        THIEF_ASKS_WHILE_ONE_IS_IN_FLIGHT,
        SERVER_IS_DOWN,
        ANSWER_IS_LOST,
        REQUEST_IS_LOST,
        SERVER_IS_BUSY,
        TIME_PASSES,
        ORGANIZATION_IS_RESPELLED,
        ANOTHER_ORGANIZATION_IS_SET,
        CRASH_BEFORE_THE_JOURNAL,
        CRASH_BEFORE_SENDING,
        CRASH_AFTER_THE_SERVER_ROTATED,
        CRASH_BEFORE_THE_STORE_IS_WRITTEN
    }

    private static final Account ENDPOINT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final Duration LIFETIME = Duration.ofHours(1);
    private static final int DEPTH = Integer.getInteger("model.depth", 4);

    private static final Logger LOGGER = Logger.getLogger(TokenManager.class.getName());
    private static int healed;

    @BeforeAll
    static void beSilent() {
        LOGGER.setLevel(Level.WARNING);
    }

    @AfterAll
    static void speakAgain() {
        LOGGER.setLevel(null);
    }

    @Test
    void everyOrderOfMoves() {
        int sequences = 0;
        int[] order = new int[DEPTH];
        do {
            World world = new World();
            for (int move : order) {
                world.make(Move.values()[move]);
            }
            world.settle();
            sequences++;
        } while (next(order));
        System.out.println("Model: " + sequences + " orders of " + DEPTH
                + " moves, lost without a word 0, sent twice while anything "
                + "could be lost by it 0, needing a person where the server had not rotated 0; healed " + healed);
    }

    private static boolean next(int[] order) {
        for (int i = 0; i < order.length; i++) {
            if (++order[i] < Move.values().length) {
                return true;
            }
            order[i] = 0;
        }
        return false;
    }

    /** Ends a controller at some point, as kill -9 does: nothing after it happens. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final class World {
        private final List<Move> made = new ArrayList<>();
        private final Map<String, TokenFamily> disk = new HashMap<>();
        private final Set<String> locked = new HashSet<>();

        /** Families of initial tokens before the last one: what they say excuses nothing that happens now. */
        private final Set<String> past = new HashSet<>();

        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        // The server
        private final Set<String> received = new HashSet<>();
        /** What the client has an answer to. */
        private final Set<String> answered = new HashSet<>();

        private final Set<String> refused = new HashSet<>();
        private String living = "seed-0";
        private int issued;
        /** Whether the living token went out in an answer that never arrived. */
        private boolean livingIsLost;

        /** Of each token, with which one its chain began; a refusal costs what came of the same one. */
        private final Map<String, String> firstOf = new HashMap<>(Map.of(living, living));
        /** By the first token of a chain, when its last access token ends that the client has. */
        private final Map<String, Instant> accessEnds = new HashMap<>();

        // The credentials store, and what people remember of it
        private String stored = living;
        private String yaml = living;
        private String formBefore = living;
        private String oldest = living;

        /** What was asked for elsewhere, while the rightful one waited for an answer. */
        private final List<CompletableFuture<TokenResult>> thieves = new ArrayList<>();

        private Move going;
        private TokenManager one = controller();
        private final TokenManager other = controller();

        private TokenManager controller() {
            return new TokenManager(
                    new DiskLedger(),
                    text -> text,
                    Runnable::run,
                    Runnable::run,
                    new InstantSource() {
                        @Override
                        public Instant instant() {
                            return now;
                        }
                    },
                    Duration.ofMinutes(1),
                    () -> true,
                    new TokenListener() {
                        @Override
                        public void granted(
                                CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
                            healed += before.state() == TokenFamily.Status.UNKNOWN ? 1 : 0;
                        }
                    });
        }

        void make(Move move) {
            made.add(move);
            going = move;
            String before = stored;
            switch (move) {
                case OTHER_ASKS -> ask(other, "sa", stored);
                case TIME_PASSES -> now = now.plus(LIFETIME).plus(LIFETIME);
                case ORGANIZATION_IS_RESPELLED -> ask(one, handle("sa", stored, "ACME"));
                case ANOTHER_ORGANIZATION_IS_SET -> ask(one, handle("sa", stored, "globex"));
                case PERSON_TYPES_A_NEW_INITIAL_TOKEN -> {
                    past.addAll(disk.keySet());
                    issueInitialToken();
                    stored = living;
                    yaml = living;
                }
                case PERSON_AUTHORIZES_AGAIN_AT_THE_OTHER -> {
                    issueInitialToken();
                    authorize(other, living);
                    stored = living;
                }
                case CONFIGURATION_RELOADS -> stored = yaml;
                case STALE_FORM_IS_SAVED -> stored = formBefore;
                case THIEF_TRIES_THE_OLDEST_TOKEN -> {
                    if (!oldest.equals(living)) {
                        assertThat(ask(one, "elsewhere", oldest))
                                .as(this::story)
                                .isNull();
                    }
                }
                default -> ask(one, "sa", stored);
            }
            if (!stored.equals(before)) {
                formBefore = before;
            }
            assertThat(thieves).as(this::story).allMatch(CompletableFuture::isCompletedExceptionally);
            thieves.clear();
            locked.clear();
            check();
        }

        private void issueInitialToken() {
            living = "seed-" + ++issued;
            firstOf.put(living, living);
            livingIsLost = false;
        }

        /** Time heals what the server has not taken away, and whatever happened, a new initial token makes everything well again. */
        void settle() {
            make(Move.TIME_PASSES);
            if (!livingIsLost) {
                askAndGet(living);
            }
            make(Move.PERSON_TYPES_A_NEW_INITIAL_TOKEN);
            askAndGet(stored);
            assertThat(stored).as(this::story).isEqualTo(living);
        }

        private void askAndGet(String token) {
            going = Move.ONE_ASKS;
            TokenResult result = ask(one, "sa", token);
            assertThat(result).as(this::story).isNotNull();
            assertThat(result.error()).as(this::story).isNull();
        }

        private void check() {
            boolean onDisk = disk.values().stream()
                    .anyMatch(record -> record.state() != TokenFamily.Status.REJECTED
                            && record.tokens().current().equals(living));
            boolean diagnosed = disk.values().stream()
                    .filter(record -> !past.contains(record.id()))
                    .anyMatch(record -> record.state() != TokenFamily.Status.READY);
            boolean neverSeen = living.startsWith("seed") && !received.contains(living);
            assertThat(stored.equals(living) || onDisk || neverSeen || (livingIsLost && diagnosed))
                    .as(this::story)
                    .isTrue();
        }

        private String story() {
            return made + " with " + disk.values() + ", stored " + stored + ", living " + living;
        }

        private CredentialHandle handle(String location, String token, String organization) {
            return new CredentialHandle(
                    "sa", new CredentialLocation(location, "sa"), token, new Server(organization), this::keep);
        }

        private TokenResult ask(TokenManager controller, String location, String token) {
            return ask(controller, handle(location, token, "acme"));
        }

        /** @return null when there was no access token */
        private TokenResult ask(TokenManager controller, CredentialHandle handle) {
            try {
                return controller.request(handle, accessToken -> false).get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Crash) {
                    one = controller();
                } else {
                    assertThat(e.getCause()).as(this::story).isInstanceOf(TokenUnavailableException.class);
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
                        .authorized(ENDPOINT, new CredentialLocation("sa", "sa"), stored, token, null);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void keep(java.util.function.Predicate<String> sameFamily, String current, boolean again) {
            if (going == Move.CRASH_BEFORE_THE_STORE_IS_WRITTEN) {
                throw new Crash();
            }
            if (sameFamily.test(stored)) {
                stored = current;
            }
        }

        private final class Server implements TokenEndpointClient {

            private final String organization;

            Server(String organization) {
                this.organization = organization;
            }

            @Override
            public Account account() {
                return new Account(ENDPOINT.system(), ENDPOINT.url(), organization);
            }

            @Override
            public TokenResponse requestToken(String token) throws TokenRequestException {
                if (going == Move.CRASH_BEFORE_SENDING) {
                    throw new Crash();
                }
                if (going == Move.SERVER_IS_DOWN) {
                    throw new TokenRequestException.NotSent(TokenError.UNREACHABLE, "down", null);
                }
                if (organization.equals("globex")) {
                    assertThat(refused.contains(token) || !received.contains(token))
                            .as(World.this::story)
                            .isTrue();
                    throw new TokenRequestException.Rejected(TokenError.SPENT_OR_REVOKED, "invalid_grant");
                }
                if (going == Move.SERVER_IS_BUSY) {
                    throw new TokenRequestException.Throttled("busy", LIFETIME);
                }
                if (!received.add(token)) {
                    assertThat(answered).as(World.this::story).doesNotContain(token);
                    assertThat(accessEnds.getOrDefault(firstOf.get(token), Instant.MIN))
                            .as(World.this::story)
                            .isBeforeOrEqualTo(now);
                }
                if (going == Move.ONE_ASKS_WHILE_OTHER_IS_IN_FLIGHT) {
                    going = Move.ONE_ASKS;
                    TokenResult cached = ask(other, "sa", stored);
                    assertThat(cached == null || cached.error() != null)
                            .as(World.this::story)
                            .isTrue();
                }
                if (going == Move.THIEF_ASKS_WHILE_ONE_IS_IN_FLIGHT) {
                    going = Move.ONE_ASKS;
                    if (!oldest.equals(token)) {
                        thieves.add(one.request(handle("elsewhere", oldest, "acme"), accessToken -> true));
                    }
                }
                if (going == Move.REQUEST_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                if (!token.equals(living)) {
                    answered.add(token);
                    refused.add(token);
                    throw new TokenRequestException.Rejected(TokenError.SPENT_OR_REVOKED, "invalid_grant");
                }
                living = "rotated-" + ++issued;
                firstOf.put(living, firstOf.get(token));
                livingIsLost = true;
                if (going == Move.CRASH_AFTER_THE_SERVER_ROTATED) {
                    throw new Crash();
                }
                if (going == Move.ANSWER_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                livingIsLost = false;
                answered.add(token);
                accessEnds.put(firstOf.get(token), now.plus(LIFETIME));
                return new TokenResponse(new AccessToken("bearer-" + issued, now, now.plus(LIFETIME)), living);
            }
        }

        private final class DiskLedger implements TokenLedger {
            @Override
            public Optional<TokenFamily> load(String id) {
                return Optional.ofNullable(disk.get(id));
            }

            @Override
            public void save(TokenFamily record) {
                if (going == Move.CRASH_BEFORE_THE_JOURNAL) {
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
                    throw new IOException("in flight elsewhere");
                }
                return () -> locked.remove(id);
            }
        }
    }
}
