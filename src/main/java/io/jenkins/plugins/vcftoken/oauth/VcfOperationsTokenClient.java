package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;

/**
 * Requests access tokens of VCF Operations with username and password. The access token is also the session, and is
 * revoked with itself. From the vendor's documents: <a
 * href="https://developer.broadcom.com/xapis/vcf-operations-api/latest/data-structures/auth-token">the response</a>,
 * and <a
 * href="https://developer.broadcom.com/xapis/vmware-vrealize-operations-api/latest/api/auth/token/acquire/post">401 for
 * a failed login</a>. Each call extends the validity of the access token to 6 hours after the call, so the time in the
 * response is the earliest expiry.
 */
public final class VcfOperationsTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "VCF Operations";

    /** Authentication scheme in the {@code Authorization} header. */
    public static final String SCHEME = "OpsToken";

    private static final String API = "suite-api/api/auth/token/";

    private final User user;

    /**
     * A user of VCF Operations.
     *
     * @param authSource name of the identity source in VCF Operations; empty for local users
     */
    public record User(String name, String authSource) {

        /**
         * The {@link Account#name()}, which is different for users with the same name in different identity sources.
         */
        public String account() {
            return name + (authSource.isEmpty() ? "" : " of " + authSource);
        }
    }

    public VcfOperationsTokenClient(AtMostOnceHttpClient client, Account account, User user) {
        super(client, account, false);
        this.user = user;
    }

    @Override
    public TokenResponse requestToken(String password) throws TokenRequestException {
        ObjectNode login = JsonNodeFactory.instance.objectNode();
        login.put("username", user.name()).put("password", password);
        if (!user.authSource().isEmpty()) {
            login.put("authSource", user.authSource());
        }
        TokenResponseParser response = new TokenResponseParser(
                client.sendJson("POST", url(API + "acquire"), login), password, VcfOperationsTokenClient::classify);
        JsonNode token = response.object();
        AccessToken accessToken =
                response.accessTokenUntil(TokenResponseParser.text(token, "token"), token.path("validity"));
        return new TokenResponse(accessToken, null, accessToken.value());
    }

    @Override
    public void revokeSession(String session) throws TokenRequestException {
        TokenResponseParser response = new TokenResponseParser(
                client.post(url(API + "release"), Map.of("Authorization", SCHEME + ' ' + session)),
                session,
                VcfOperationsTokenClient::classify);
        // 401: the access token has expired or was revoked before.
        if (!response.isSuccess() && response.status() != 401) {
            throw response.failure().forNonRotatingSecret();
        }
    }

    /**
     * From recorded responses: the body of a 401 is JSON if the password was checked, and HTML if the identity source
     * does not support passwords.
     */
    private static TokenErrorType classify(int status, String code, String message) {
        if (message.toLowerCase(Locale.ROOT).contains("locked")) {
            return TokenErrorType.LOCKED_OUT;
        }
        if (status != 401) {
            return TokenErrorType.ofStatus(status);
        }
        return code.isEmpty() && message.isEmpty() ? TokenErrorType.PASSWORD_NOT_ACCEPTED : TokenErrorType.WRONG_SECRET;
    }
}
