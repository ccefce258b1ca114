package io.jenkins.plugins.vcftoken;

import hudson.init.InitMilestone;
import hudson.init.Initializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import jenkins.model.Jenkins;

/**
 * Gives each Jenkins that a JVM starts the same RSA key pair as its identity. Otherwise each of them generates one when it
 * starts, which was a quarter of the CPU time of the tests.
 */
public final class JenkinsIdentityKey {

    private static final String PEM = generate();

    private JenkinsIdentityKey() {}

    @Initializer(after = InitMilestone.PLUGINS_PREPARED, before = InitMilestone.PLUGINS_STARTED)
    public static void write() throws IOException {
        write(Jenkins.get().getRootDir().toPath());
    }

    /** Writes the file of former versions of the Instance Identity plugin, which it encrypts. */
    static void write(Path home) throws IOException {
        if (!Files.exists(home.resolve("identity.key.enc"))) {
            Files.writeString(home.resolve("identity.key"), PEM);
        }
    }

    private static String generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            Base64.Encoder encoder = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
            return "-----BEGIN PRIVATE KEY-----\n"
                    + encoder.encodeToString(
                            generator.generateKeyPair().getPrivate().getEncoded())
                    + "\n-----END PRIVATE KEY-----\n";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
