package io.jenkins.plugins.vcftoken.oauth;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/**
 * Coverage-guided fuzzing of all parsers for a minute, run by {@code JAZZER_FUZZ=1 mvn test -Dtest=ParsersFuzzTest} and
 * by {@code bin/test --long}. Excluded from normal builds, because the Jazzer agent would affect all other tests.
 */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class ParsersFuzzTest {

    @FuzzTest(maxDuration = "1m")
    void arbitraryResponse_isParsedOrRejected(FuzzedDataProvider data) {
        int status = data.consumeInt(200, 599);
        String header = data.consumeAsciiString(30);
        String location = data.consumeAsciiString(60);
        new ArbitraryResponse(status, data.consumeRemainingAsBytes(), header, header, location).check();
    }
}
