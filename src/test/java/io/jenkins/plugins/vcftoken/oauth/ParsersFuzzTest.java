package io.jenkins.plugins.vcftoken.oauth;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/**
 * Coverage-guided fuzzing of all parsers: {@code JAZZER_FUZZ=1 mvn test -Dtest=ParsersFuzzTest} searches for new inputs
 * for a minute, and so does {@code bin/test --long}. Excluded from usual builds, in which the agent of Jazzer would be
 * active for all other tests, too.
 */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class ParsersFuzzTest {

    @FuzzTest(maxDuration = "1m")
    void anyAnswerEndsInTheOutcomeModel(FuzzedDataProvider data) {
        int status = data.consumeInt(200, 599);
        String header = data.consumeAsciiString(30);
        String location = data.consumeAsciiString(60);
        new ArbitraryResponse(status, data.consumeRemainingAsBytes(), header, header, location).check();
    }
}
