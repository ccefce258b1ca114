package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Formats credentials as comma-separated values (<a href="https://www.rfc-editor.org/rfc/rfc4180">RFC 4180</a>), with
 * the names of the JSON API as column names.
 */
final class CredentialsCsv {

    private static final String COLUMNS =
            "id,name,context,kind,system,address,organization,state,broken,error,generation,"
                    + "renewedAt,accessTokenExpiresAt,secretExpiresAt,openLeases,storeUpToDate,tlsVerified,page";

    /** First characters of cells that a spreadsheet evaluates as formulas (CSV injection). */
    private static final Pattern FORMULA = Pattern.compile("^[=+\\-@\\t\\r]");

    private CredentialsCsv() {}

    static String of(List<CredentialHealth> credentials) {
        return Stream.concat(Stream.of(COLUMNS), credentials.stream().map(CredentialsCsv::row))
                .collect(Collectors.joining("\r\n", "", "\r\n"));
    }

    private static String row(CredentialHealth health) {
        return Stream.of(
                        health.getId(),
                        health.getName(),
                        health.getContext(),
                        health.getKind(),
                        health.getSystem(),
                        health.getAddress(),
                        health.getOrganization(),
                        health.getState(),
                        health.isBroken(),
                        health.getError(),
                        health.getGeneration(),
                        health.getRenewedAt(),
                        health.getAccessTokenExpiresAt(),
                        health.getSecretExpiresAt(),
                        health.getOpenLeases(),
                        health.isStoreUpToDate(),
                        health.isTlsVerified(),
                        health.getPage())
                .map(CredentialsCsv::cell)
                .collect(Collectors.joining(","));
    }

    /** Prefixes formulas with an apostrophe, which marks a spreadsheet cell as text. */
    static String cell(@CheckForNull Object value) {
        String text = value == null ? "" : value.toString();
        String escaped = FORMULA.matcher(text).find() ? '\'' + text : text;
        return '"' + escaped.replace("\"", "\"\"") + '"';
    }
}
