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

/** Looks for every secret that a simulator ever issued in every file below a directory. */
public final class SecretSweep {

    private SecretSweep() {}

    public static void assertNone(Simulator simulator, Path directory) throws IOException {
        List<String> needles = new ArrayList<>();
        for (String secret : simulator.accessTokens()) {
            needles.addAll(forms(secret));
        }
        for (String secret : simulator.refreshTokens()) {
            needles.addAll(forms(secret));
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
                    assertThat(needles).as("secrets in " + file).noneMatch(text::contains);
                }
                return FileVisitResult.CONTINUE;
            }

            /** A running controller removes files at any time. */
            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
    }

    private static List<String> forms(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        String hex = HexFormat.of().formatHex(bytes);
        List<String> forms = new ArrayList<>(List.of(
                secret,
                URLEncoder.encode(secret, StandardCharsets.UTF_8),
                new StringBuilder(secret).reverse().toString(),
                hex,
                hex.toUpperCase(Locale.ROOT),
                secret.replace("/", "\\/"),
                new String(secret.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.ISO_8859_1),
                new String(secret.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.ISO_8859_1)));
        for (int phase = 0; phase < 3; phase++) {
            byte[] shifted = new byte[bytes.length + phase];
            System.arraycopy(bytes, 0, shifted, phase, bytes.length);
            String encoded = Base64.getEncoder().withoutPadding().encodeToString(shifted);
            // What depends on the neighbors on either side is left out.
            String own = encoded.substring(phase == 0 ? 0 : 4, encoded.length() - 2);
            forms.add(own);
            forms.add(own.replace('+', '-').replace('/', '_'));
        }
        return forms;
    }

    private static String content(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length > 2 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b) {
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
                bytes = in.readAllBytes();
            } catch (IOException e) {
                // Not gzip after all.
            }
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
