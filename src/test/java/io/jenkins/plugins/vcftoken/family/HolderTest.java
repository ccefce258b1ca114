package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import java.net.URI;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HolderTest {

    private static final Endpoint ENDPOINT = new Endpoint("system", URI.create("https://vcfa.example.com"), "acme");

    @ParameterizedTest
    @CsvSource({"typed-anew, typed-anew", "before, before", "'', before", "'  ', before", ", before"})
    void whatIsStoredNowCountsIfItIsAnything(String stored, String expected) throws Exception {
        Holder holder = holder(stored);
        Holder now = holder.asStored();
        assertThat(now.token()).isEqualTo(expected);
        assertThat(now.place()).isEqualTo(holder.place());
        assertThat(now.description()).isEqualTo(holder.description());
    }

    @ParameterizedTest
    @ValueSource(strings = {"before", "typed-anew"})
    void whatIsStoredNowIsExchangedAsItSaysNow(String token) throws Exception {
        TokenService now = new Unasked(ENDPOINT);
        Holder holder = holder(token, now);
        assertThat(holder.service()).isNotSameAs(now);
        assertThat(holder.asStored().service()).isSameAs(now);
        assertThat(holder.asStored().token()).isEqualTo(token);
        assertThat(holder(token, null).asStored().service()).isNotSameAs(now);
    }

    @Test
    void aPlaceThatMovesIsNoOtherHolder() {
        String[] context = {"folder:old"};
        TokenKeeper keeper = new TokenKeeper() {
            @Override
            public void keep(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public Place place() {
                return new Place(context[0], "sa");
            }
        };
        Holder holder = new Holder("sa", new Place("folder:old", "sa"), "token", new Unasked(ENDPOINT), keeper);
        Set<Holder> known = new HashSet<>(Set.of(holder));
        context[0] = "folder:new";
        assertThat(holder.place().context()).isEqualTo("folder:new");
        assertThat(known).contains(holder);
    }

    /** What ends in a log by accident. */
    @Test
    void whatIsPrintedHasNoSecret() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        Bearer bearer = new Bearer("the-bearer", now, now.plusSeconds(60));
        Lineage tokens = Lineage.of("the-seed", Core.HASH).rotatedTo("the-current", Core.HASH);
        FamilyRecord record = FamilyRecord.founded(ENDPOINT, "the-seed", Core.HASH, now)
                .granted(new Grant(bearer, "the-current", "the-session"), Core.HASH, now);
        Supply supply = new Supply(record.id(), ENDPOINT, bearer, null, null, true);
        assertThat(tokens).hasToString("Lineage[generation 1]");
        assertThat(record.toString()).contains(record.id(), "acme", "OK", "generation 1");
        assertThat(holder("the-stored")).hasToString(holder("").description());
        assertThat(bearer).hasToString("Bearer[until 2026-01-01T00:01:00Z]");
        assertThat(new Grant(bearer, null)).hasToString("Grant[" + bearer + "]");
        assertThat(new Grant(bearer, "the-current", "the-session"))
                .hasToString("Grant[" + bearer + ", with a refresh token, with a session]");
        assertThat("" + record + supply + new Grant(bearer, "the-current", "the-session"))
                .doesNotContain("the-");
    }

    private static Holder holder(String stored) {
        return holder(stored, null);
    }

    private static Holder holder(String stored, TokenService service) {
        TokenKeeper keeper = new TokenKeeper() {
            @Override
            public void keep(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Endpoint endpoint) {
                return stored;
            }

            @Override
            public TokenService service(Endpoint endpoint) {
                return service;
            }
        };
        return new Holder("sa", new Place("system", "sa"), "before", new Unasked(ENDPOINT), keeper);
    }
}
