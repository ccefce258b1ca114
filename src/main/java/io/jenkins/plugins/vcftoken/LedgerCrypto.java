package io.jenkins.plugins.vcftoken;

import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenHasher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import jenkins.security.HMACConfidentialKey;

/**
 * Encryption and hashing for the ledger, with keys of the controller, which a backup of the ledger alone does not
 * contain. The name of this class is frozen: the hash key is stored under it in {@code secrets/}.
 */
public final class LedgerCrypto {

    /** Distinguishes ciphertext from a token that looks like Jenkins ciphertext. */
    private static final String PREFIX = "vcf:";

    public static final FileTokenLedger.Cipher CIPHER = new FileTokenLedger.Cipher() {
        @Override
        public String seal(String secret) {
            return Secret.fromString(PREFIX + secret).getEncryptedValue();
        }

        @Override
        public String open(String sealed) throws IOException {
            Secret secret = Secret.decrypt(sealed);
            if (secret == null || !secret.getPlainText().startsWith(PREFIX)) {
                throw new IOException("it was encrypted with another controller's key");
            }
            return secret.getPlainText().substring(PREFIX.length());
        }
    };

    private LedgerCrypto() {}

    /** Not a constant: it would keep the key of the first of several Jenkins instances in a test JVM. */
    public static TokenHasher hash() {
        HMACConfidentialKey key = new HMACConfidentialKey(LedgerCrypto.class, "families");
        return text -> HexFormat.of().formatHex(key.mac(text.getBytes(StandardCharsets.UTF_8)));
    }
}
