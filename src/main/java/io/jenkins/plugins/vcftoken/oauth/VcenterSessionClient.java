package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * Creates vCenter sessions with access tokens of VCF SSO: exchanges the access token for a SAML token (<a
 * href="https://www.rfc-editor.org/rfc/rfc8693">RFC 8693</a>, <a
 * href="https://developer.broadcom.com/xapis/vsphere-automation-api/latest/api/vcenter/authentication/token/post">{@code
 * /api/vcenter/authentication/token}</a>), and logs in with the SAML token (<a
 * href="https://developer.broadcom.com/xapis/vsphere-automation-api/latest/api/session/post">{@code /api/session}</a>).
 *
 * <p><a href="https://developer.broadcom.com/xapis/vsphere-automation-api/latest/cis/cis/session/">The vendor's
 * document</a> specifies two limits of a session: an absolute expiry derived from the SAML token, and an idle timeout.
 * It has no values for them; the former is taken from {@code expires_in}, the latter is 30 minutes on observed systems
 * (<a href="https://github.com/vmware/govmomi/issues/2698">govmomi#2698</a>).
 */
public final class VcenterSessionClient extends AbstractSessionClient {

    public static final String SYSTEM = "vCenter";

    /** Limits the lifetime, because a step may hold the session without using it. */
    static final Duration IDLE_TIMEOUT = Duration.ofMinutes(30);

    private static final String TOKEN_TYPE = "urn:ietf:params:oauth:token-type:";

    public VcenterSessionClient(AtMostOnceHttpClient client, Account account) {
        super(client, account);
    }

    @Override
    AccessToken createSession(String parentToken) throws TokenRequestException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "requested_token_type",
                TOKEN_TYPE + "saml2",
                "subject_token_type",
                TOKEN_TYPE + "access_token",
                "subject_token",
                parentToken);
        TokenResponseParser exchange = new TokenResponseParser(
                client.postForm(
                        url("api/vcenter/authentication/token"),
                        form,
                        Map.of("Authorization", "Bearer " + parentToken)),
                parentToken,
                VcenterSessionClient::classifyExchange);
        JsonNode exchanged = exchange.object();
        String encoded = TokenResponseParser.text(exchanged, "access_token");
        JsonNode expiresIn = exchanged.path("expires_in");
        String withoutLineBreaks = encoded == null ? null : encoded.replaceAll("\\s", "");
        String samlToken = compress(
                exchange,
                exchange.accessToken(withoutLineBreaks, expiresIn, null).value());
        TokenResponseParser session = new TokenResponseParser(
                client.post(url("api/session"), Map.of("Authorization", "SIGN token=\"" + samlToken + '"')),
                samlToken,
                (status, code, message) -> TokenErrorType.ofStatus(status));
        if (!session.isSuccess()) {
            throw session.failure();
        }
        AccessToken id = exchange.accessToken(session.json().textValue(), expiresIn, null);
        Instant idleExpiry = id.issuedAt().plus(IDLE_TIMEOUT);
        return id.expiresAt().isAfter(idleExpiry) ? new AccessToken(id.value(), id.issuedAt(), idleExpiry) : id;
    }

    /** Converts from base64, as in the response, to gzip and base64, as in the request header. */
    private static String compress(TokenResponseParser exchange, String samlToken) throws TokenRequestException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(Base64.getDecoder().decode(samlToken));
        } catch (IllegalArgumentException e) {
            throw exchange.invalid("with a SAML token that is not in base64", null);
        } catch (IOException e) {
            throw new UncheckedIOException("Memory can always be written", e);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    @Override
    TokenResponseParser deleteSession(String session) throws TokenRequestException {
        return new TokenResponseParser(
                client.delete(url("api/session"), Map.of("vmware-api-session-id", session)),
                session,
                (status, code, message) -> TokenErrorType.ofStatus(status));
    }

    private static TokenErrorType classifyExchange(int status, String code, String message) {
        return status == 401 || code.equals("invalid_grant")
                ? TokenErrorType.PARENT_TOKEN_REJECTED
                : TokenErrorType.ofStatus(status);
    }
}
