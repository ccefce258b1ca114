package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * When a user's API token of VCF Automation ends: {@code GET /cloudapi/1.0.0/tokens}, the list of those that an access token
 * may see. Exchanges nothing.
 *
 * <p>An access token does not say which token it came of, so which record of the list is the stored token's is a matter of
 * rules. Where the client ID of the token is known, it is the one record named {@code urn:vcloud:token:} and that ID, and
 * no other. Where it is not, it is the only refresh token of the whole list, if its owner is whom the access token is for. Among
 * several nothing is guessed: a wrong date is worse than none.
 */
final class VcfaApiTokenExpiryClient {

    private static final List<String> PATH = List.of("tokens");
    private static final String REFRESH = "REFRESH";

    /** The most that the server gives at a time. */
    private static final Map<String, String> QUERY = Map.of("pageSize", "128", "filter", "type==" + REFRESH);

    /** A thousand tokens; whoever sees more has to say which one is meant, and may be unlucky. */
    static final int MAX_PAGES = 8;

    private static final String URN = "urn:vcloud:token:";

    /** Whoever means "never" may write the last of the years. */
    private static final Instant NEVER = Instant.parse("9999-01-01T00:00:00Z");

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .appendPattern("[XXX][XX][X]")
            .toFormatter(Locale.ROOT);

    private final OneShotHttpClient client;
    private final HttpUrl base;
    private final String clientId;

    /** @param clientId of the stored token; empty where that is not known */
    VcfaApiTokenExpiryClient(OneShotHttpClient client, HttpUrl base, String clientId) {
        this.client = client;
        this.base = base;
        this.clientId = clientId;
    }

    /**
     * @param accessToken that the token bought, of this very server
     * @return null when the server does not tell, or it is not certain which token it tells about
     */
    @CheckForNull
    Instant expiry(AccessToken accessToken) throws TokenRequestException {
        if (client.hosts().hasNoTokenList(base)) {
            return null;
        }
        try {
            JsonNode ours = ours(accessToken);
            Instant ends = ours == null ? null : time(HttpResponseParser.text(ours, "expirationTimeUtc"));
            // What had ended before would not have bought this access token.
            return ends != null && ends.isAfter(accessToken.issuedAt()) && ends.isBefore(NEVER) ? ends : null;
        } catch (TokenRequestException e) {
            if (e.tokenError() == TokenError.NO_SUCH_SERVICE) {
                client.hosts().setNoTokenList(base);
            }
            throw e.forNonRotatingSecret();
        }
    }

    @CheckForNull
    private JsonNode ours(AccessToken accessToken) throws TokenRequestException {
        CloudApiClient lists = new CloudApiClient(client, base, accessToken, TokenError.FORBIDDEN);
        JsonNode last = null;
        int seen = 0;
        for (int page = 1; page <= MAX_PAGES; page++) {
            JsonNode list = lists.page(PATH, QUERY, page);
            for (JsonNode token : list.path("values")) {
                if (REFRESH.equals(HttpResponseParser.text(token, "type"))) {
                    if (!clientId.isEmpty()
                            && (URN + clientId).equalsIgnoreCase(HttpResponseParser.text(token, "id"))) {
                        return token;
                    }
                    last = token;
                    seen++;
                }
            }
            if (CloudApiClient.isLast(list, page)) {
                return clientId.isEmpty() && seen == 1 && isFor(accessToken, last) ? last : null;
            }
        }
        return null;
    }

    /** Whether a token's owner is whom the access token is for, as far as both tell. */
    private static boolean isFor(AccessToken accessToken, JsonNode token) {
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String owner = HttpResponseParser.text(token.path("owner"), "name");
        String organization = HttpResponseParser.text(token.path("org"), "name");
        return owner != null
                && owner.equalsIgnoreCase(claims.text("preferred_username"))
                && (organization == null || organization.equalsIgnoreCase(claims.text("org_name")));
    }

    /** Universal time where it has no offset, as the field's name says. */
    @CheckForNull
    private static Instant time(@CheckForNull String text) {
        if (text == null) {
            return null;
        }
        try {
            TemporalAccessor time = TIME.parseBest(text.trim(), OffsetDateTime::from, LocalDateTime::from);
            return time instanceof OffsetDateTime withOffset
                    ? withOffset.toInstant()
                    : LocalDateTime.from(time).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
