package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** Searches all files below a directory for all secrets that the simulator issued. */
public final class SecretSweep {

    private SecretSweep() {}

    public static void assertNone(Simulator simulator, Path directory) throws IOException {
        List<String> encodedSecrets = new ArrayList<>();
        for (String secret : simulator.accessTokens()) {
            encodedSecrets.addAll(encodings(secret));
        }
        for (String secret : simulator.refreshTokens()) {
            encodedSecrets.addAll(encodings(secret));
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    String text;
                    try {
                        text = content(file);
                    } catch (NoSuchFileException e) {
                        return FileVisitResult.CONTINUE;
                    }
                    assertThat(encodedSecrets).as("secrets in " + file).noneMatch(text::contains);
                }
                return FileVisitResult.CONTINUE;
            }

            /** A running controller deletes files at any time. */
            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
    }

    private static List<String> encodings(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        String hex = HexFormat.of().formatHex(bytes);
        List<String> encodings = new ArrayList<>(List.of(
                secret,
                URLEncoder.encode(secret, StandardCharsets.UTF_8),
                new StringBuilder(secret).reverse().toString(),
                hex,
                hex.toUpperCase(Locale.ROOT),
                secret.replace("/", "\\/"),
                new String(secret.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.ISO_8859_1),
                new String(secret.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.ISO_8859_1)));
        for (int offset = 0; offset < 3; offset++) {
            byte[] shifted = new byte[bytes.length + offset];
            System.arraycopy(bytes, 0, shifted, offset, bytes.length);
            String encoded = Base64.getEncoder().withoutPadding().encodeToString(shifted);
            // Characters that depend on adjacent bytes are omitted.
            String encodedSecret = encoded.substring(offset == 0 ? 0 : 4, encoded.length() - 2);
            encodings.add(encodedSecret);
            encodings.add(encodedSecret.replace('+', '-').replace('/', '_'));
        }
        return encodings;
    }

    private static String content(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length > 2 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b) {
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
                bytes = in.readAllBytes();
            } catch (IOException e) {
                // Not a gzip file.
            }
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
