package io.jenkins.plugins.vcftoken.kubernetes;

import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.CredentialsConvertionException;
import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.SecretUtils;
import com.cloudbees.plugins.credentials.CredentialsScope;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfOperationsUser;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.io.IOException;
import java.util.Map;

/** The data of a Kubernetes Secret as the fields of a credential. Its keys are the parameters of configuration as code. */
final class SecretFields {

    private static final String TYPE = "jenkins.io/credentials-type";

    /** The kinds by their symbol, with the key of the secret that may rotate; empty where none does. */
    static final Map<String, String> KINDS = Map.of(
            "vcfaServiceAccount", "refreshToken",
            "vcfSsoApiToken", "apiToken",
            "cspApiToken", "apiToken",
            "cspOAuthApp", "",
            "sddcManagerUser", "",
            "vcfOperationsUser", "");

    private final io.fabric8.kubernetes.api.model.Secret secret;
    private final String type;

    SecretFields(io.fabric8.kubernetes.api.model.Secret secret) {
        this.secret = secret;
        this.type = secret.getMetadata().getLabels().get(TYPE);
    }

    String rotatingKey() {
        return KINDS.getOrDefault(type, "");
    }

    /** @throws CredentialsConvertionException when a value cannot be read */
    AbstractVcfCredentials credential() throws CredentialsConvertionException {
        CredentialsScope scope = SecretUtils.getCredentialScope(secret);
        String id = SecretUtils.getCredentialId(secret);
        String description = SecretUtils.getCredentialDescription(secret);
        String url = required("url");
        return switch (type) {
            case "vcfaServiceAccount" -> {
                VcfaServiceAccount account = new VcfaServiceAccount(
                        scope, id, description, url, required("organization"), secret("refreshToken"));
                account.setClientId(text("clientId"));
                yield account;
            }
            case "vcfSsoApiToken" -> {
                VcfSsoApiToken token = new VcfSsoApiToken(scope, id, description, url, secret("apiToken"));
                token.setTenant(text("tenant"));
                yield token;
            }
            case "cspApiToken" -> new CspApiToken(scope, id, description, url, secret("apiToken"));
            case "cspOAuthApp" -> {
                CspOAuthApp app = new CspOAuthApp(scope, id, description, url, required("appId"), secret("appSecret"));
                app.setOrganizationId(text("organizationId"));
                app.setScopes(text("scopes"));
                app.setAccessTokenValiditySeconds(number("accessTokenValiditySeconds"));
                yield app;
            }
            case "sddcManagerUser" -> {
                SddcManagerUser user = new SddcManagerUser(scope, id, description, url);
                user.setUsername(text("username"));
                user.setPassword(secret("password"));
                user.setApiKey(secret("apiKey"));
                yield user;
            }
            case "vcfOperationsUser" -> {
                VcfOperationsUser user =
                        new VcfOperationsUser(scope, id, description, url, required("username"), secret("password"));
                user.setAuthSource(text("authSource"));
                yield user;
            }
            default -> throw new CredentialsConvertionException("no kind of credential: " + type);
        };
    }

    private String required(String key) throws CredentialsConvertionException {
        String text = text(key);
        if (text == null || text.isEmpty()) {
            throw new CredentialsConvertionException("the Secret has no key '" + key + "'");
        }
        return text;
    }

    private int number(String key) throws CredentialsConvertionException {
        String text = text(key);
        try {
            return text == null || text.isEmpty() ? 0 : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new CredentialsConvertionException("the key '" + key + "' is no number", e);
        }
    }

    /** Ciphertext of this controller would be decrypted by Jenkins, and sent to the server. */
    private Secret secret(String key) throws CredentialsConvertionException {
        String text = text(key);
        if (text != null && Secret.decrypt(text) != null) {
            throw new CredentialsConvertionException(
                    "the key '" + key + "' has an encrypted secret of this controller");
        }
        return Secret.fromString(text);
    }

    /** @return null when the Secret has no such key */
    @CheckForNull
    String text(String key) throws CredentialsConvertionException {
        Map<String, String> data = secret.getData();
        try {
            return data == null
                    ? null
                    : KubernetesVersionedSecret.decoded(data.get(SecretUtils.getKeyName(secret, key)));
        } catch (IOException e) {
            throw new CredentialsConvertionException("the key '" + key + "': " + e.getMessage(), e);
        }
    }
}
