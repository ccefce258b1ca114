package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BlockTokensJenkinsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final TokenMaskerCache maskers = new TokenMaskerCache();
    private final BlockTokens issued = new BlockTokens();

    /** A thread that writes to the log masks every token that it can see. */
    @Test
    void publish_whileAnotherThreadReads_masksEachAccessTokenBeforeItIsVisible() {
        CompletableFuture<Void> publishing = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 300; i++) {
                issued.publish(TokenTemplate.ACCESS_TOKEN, token(i));
            }
        });
        while (!publishing.isDone()) {
            String visible = issued.current(TokenTemplate.ACCESS_TOKEN);
            TokenMasker masker = issued.masker(() -> maskers);
            assertThat(visible == null || masker.matches(visible)).isTrue();
        }
        publishing.join();
    }

    @Test
    void publish_ofAKnownAccessToken_addsNoneAndMakesItCurrent() throws Exception {
        assertThat(issued.publish(TokenTemplate.ACCESS_TOKEN, token(1))).isTrue();
        assertThat(issued.publish(TokenTemplate.ACCESS_TOKEN, token(2))).isTrue();
        TokenMasker masker = issued.masker(() -> maskers);
        assertThat(issued.publish(TokenTemplate.ACCESS_TOKEN, token(1))).isFalse();
        assertThat(issued.values()).hasSize(2);
        assertThat(issued.masker(() -> maskers)).isSameAs(masker);
        Map<String, String> env = new HashMap<>();
        issued.contribute(env, new BlockVariables(null, null, "https://vcf.example.com"));
        assertThat(env)
                .containsEntry("VCF_TOKEN", token(1).value())
                .containsEntry("VCF_TOKEN_EXPIRES_AT", Long.toString(NOW.getEpochSecond() + 1));
    }

    @Test
    void masker_ofBlocksWithTheSameTokens_isShared() {
        BlockTokens other = new BlockTokens();
        issued.publish(TokenTemplate.ACCESS_TOKEN, token(1));
        other.publish(TokenTemplate.ACCESS_TOKEN, token(1));
        assertThat(other.masker(() -> maskers)).isSameAs(issued.masker(() -> maskers));
        other.publish(TokenTemplate.ACCESS_TOKEN, token(2));
        assertThat(other.masker(() -> maskers).matches(token(2).value())).isTrue();
        assertThat(issued.masker(() -> maskers).matches(token(2).value())).isFalse();
    }

    /** Tokens that were not saved before the restart are masked by a pattern that only this block needs. */
    @Test
    void masker_afterARestart_isNotShared() {
        issued.publish(TokenTemplate.ACCESS_TOKEN, token(1));
        TokenMasker shared = issued.masker(() -> maskers);
        BlockTokens other = new BlockTokens();
        other.publish(TokenTemplate.ACCESS_TOKEN, token(1));
        other.markInterrupted();
        assertThat(other.masker(() -> maskers)).isNotSameAs(shared);
    }

    @Test
    void publish_ofADerivedToken_masksItAndKeepsTheAccessToken() throws Exception {
        BlockVariables variables = new BlockVariables(null, null, "https://vcf.example.com");
        variables.addValue(
                "HEADER", variables.addDerivedToken((credential, http) -> null).between("id: ", "\n"));
        variables.addFile("other", variables.addDerivedToken((credential, http) -> null), TokenFileMode.OWNER);
        issued.publish(TokenTemplate.ACCESS_TOKEN, token(1));
        Map<String, String> env = new HashMap<>();
        issued.contribute(env, variables);
        assertThat(env).containsEntry("VCF_TOKEN", token(1).value()).doesNotContainKey("HEADER");
        issued.publish(1, token(2));
        assertThat(variables.fillFiles(issued::current))
                .as("a token is missing")
                .isNull();
        issued.publish(2, token(3));
        assertThat(variables.fillFiles(issued::current)).hasSize(1);
        issued.contribute(env, variables);
        assertThat(env)
                .containsEntry("VCF_TOKEN", token(1).value())
                .containsEntry("HEADER", "id: " + token(2).value() + "\n")
                .containsEntry("VCF_TOKEN_EXPIRES_AT", Long.toString(NOW.getEpochSecond() + 1));
        assertThat(issued.masker(() -> maskers).mask(token(2).value())).isEqualTo(TokenMasker.MASK);
        assertThat(variables.secretVariables()).containsExactlyInAnyOrder("VCF_TOKEN", "HEADER");
        assertThat(variables.isOutdated(env, issued::current, issued.values())).isFalse();
        issued.publish(1, token(4));
        assertThat(variables.isOutdated(env, issued::current, issued.values())).isTrue();
        assertThat(variables.isOutdated(Map.of("HEADER", "of another block"), issued::current, issued.values()))
                .isFalse();
    }

    @Test
    void markInterrupted_masksAccessTokensThatWereNotSaved() {
        String later = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ2Y2ZhIn0.c2lnbmF0dXJl";
        assertThat(issued.masker(() -> maskers).mask(later)).isEqualTo(later);
        issued.markInterrupted();
        assertThat(issued.masker(() -> maskers).mask(later)).isEqualTo(TokenMasker.MASK);
    }

    private static AccessToken token(int number) {
        return new AccessToken("an.access-token." + number + ".of-a-block", NOW, NOW.plusSeconds(number));
    }
}
