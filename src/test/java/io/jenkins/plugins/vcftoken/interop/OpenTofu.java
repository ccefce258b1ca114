package io.jenkins.plugins.vcftoken.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Providers and configurations of OpenTofu. */
final class OpenTofu {

    private OpenTofu() {}

    /**
     * Skips the test if OpenTofu or the provider is not installed.
     *
     * @return the mirror with all providers
     */
    static Path requireProvider(String name) {
        Program.require("tofu");
        Path providers = Program.directory().resolve("providers");
        assumeTrue(
                Files.isDirectory(
                        providers.resolve("interop.example.com/vmware").resolve(name)),
                () -> "The provider " + name + " is not installed; see " + Program.directory() + "/missing.txt");
        return providers;
    }

    /** A configuration with an empty provider block. */
    static String configuration(String provider, String resources) {
        return """
                terraform {
                  required_providers {
                    %1$s = {
                      source = "interop.example.com/vmware/%1$s"
                    }
                  }
                }
                provider "%1$s" {}
                """.formatted(provider) + resources;
    }
}
