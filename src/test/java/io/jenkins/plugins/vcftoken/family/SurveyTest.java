package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurveyTest {

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private Core core;
    private Holder holder;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        holder = core.holder("ci", "acme", simulator.addAccount("ci", "acme"), (family, token, again) -> {});
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
    }

    @Test
    void aFamilyIsFoundByAnyOfItsTokensAtItsEndpoint() throws Exception {
        Endpoint endpoint = holder.service().endpoint();
        assertThat(core.families.survey().of(endpoint, holder.token(), holder.place()))
                .isNull();
        core.families.await(holder, bearer -> true);
        clock.advance(Duration.ofHours(2));
        core.families.await(holder, bearer -> true);
        Survey survey = core.families.survey();
        FamilyRecord found = survey.of(endpoint, holder.token(), holder.place());
        assertThat(found.tokens().generation()).isEqualTo(2);
        for (String token : simulator.refreshTokens()) {
            assertThat(survey.of(endpoint, token, holder.place())).isSameAs(found);
        }
        assertThat(survey.of(core.service("globex").endpoint(), holder.token(), holder.place()))
                .isNull();
        assertThat(survey.isFlying(found)).isFalse();
        assertThat(survey.written()).containsExactly(found);
    }

    @Test
    void ofSeveralFamiliesTheOneAtHomeIsFound() throws Exception {
        Endpoint endpoint = holder.service().endpoint();
        core.families.await(holder, bearer -> true);
        Place copy = new Place("folder:a", "copy");
        core.families.await(
                new Holder("copy", copy, simulator.currentToken("ci"), holder.service(), holder.keeper()),
                bearer -> true);
        String fresh = simulator.addAccount("other", "acme");
        core.families.administration().authorized(endpoint, copy, holder.token(), fresh, null);
        Survey survey = core.families.survey();
        for (String brought : List.of(holder.token(), simulator.currentToken("ci"))) {
            assertThat(survey.of(endpoint, brought, copy).tokens().current()).isEqualTo(fresh);
            assertThat(survey.of(endpoint, brought, holder.place()).tokens().current())
                    .isEqualTo(simulator.currentToken("ci"));
        }
        assertThat(survey.of(endpoint, " ", copy).tokens().current()).isEqualTo(fresh);
        Place nowhere = new Place("system", "nowhere");
        assertThat(survey.of(endpoint, fresh, nowhere).tokens().current()).isEqualTo(fresh);
        assertThat(survey.of(endpoint, simulator.currentToken("ci"), nowhere)
                        .tokens()
                        .current())
                .as("the one whose current token it is")
                .isEqualTo(simulator.currentToken("ci"));
        assertThat(survey.unreadableOf(endpoint, fresh)).isNull();
    }

    @Test
    void aPlaceThatDidNotTakeTheTokenIsKnown() throws Exception {
        Holder full = core.holder("ci", "acme", holder.token(), (family, token, again) -> {
            throw new IOException("disk full");
        });
        core.families.await(full, bearer -> true);
        core.awaitWriteBacks();
        assertThat(core.families.survey().isUnsaved(full.place())).isTrue();
        assertThat(core.families.survey().isUnsaved(new Place("system", "other")))
                .isFalse();
    }

    @Test
    void whatMemoryAloneHasIsFoundToo() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), "password");
        core.families.await(user, bearer -> true);
        Survey survey = core.families.survey();
        assertThat(survey.of(user.service().endpoint(), "password", user.place())
                        .bearer())
                .isNotNull();
        assertThat(survey.written()).isEmpty();
    }

    @Test
    void aPersonMayVouchForAndForgetWhatMemoryAloneHas() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), "wrong");
        assertThatThrownBy(() -> core.families.await(user, bearer -> true)).isInstanceOf(FamilyException.class);
        FamilyRecord dead = core.families.survey().of(user.service().endpoint(), "wrong", user.place());
        assertThat(dead.state()).isEqualTo(FamilyState.DEAD);
        assertThat(core.families.administration().vouch(dead.id())).isTrue();
        assertThat(core.ledger.loadAll()).as("a password's place is not there").isEmpty();
        assertThatThrownBy(() -> core.families.await(user, bearer -> true)).isInstanceOf(FamilyException.class);
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(2);
        core.families.administration().forget(dead.id());
        assertThat(core.families.survey().of(user.service().endpoint(), "wrong", user.place()))
                .isNull();
        assertThat(core.ledger.loadAll()).isEmpty();
    }

    @Test
    void unreadableRecordsAreNamedAndLeftAlone() throws Exception {
        core.families.await(holder, bearer -> true);
        Path record = directory.resolve(core.ledger.loadAll().get(0).id() + ".json");
        Path damaged = directory.resolve("0123456789abcdef.json");
        Files.writeString(damaged, "{\"format\":1");
        Files.writeString(record, Files.readString(record).replace("sealed:", "other:"));
        String before = Files.readString(record);
        Survey survey = core.families.survey();
        assertThat(survey.unreadable())
                .extracting(Unreadable::where)
                .containsExactlyInAnyOrder(record.toString(), damaged.toString());
        assertThat(survey.unreadable())
                .extracting(Unreadable::why)
                .containsExactlyInAnyOrder("sealed by another controller", "damaged: not JSON");
        assertThat(survey.unreadableOf(holder.service().endpoint(), holder.token())
                        .where())
                .isEqualTo(record.toString());
        assertThat(survey.unreadableOf(holder.service().endpoint(), simulator.addAccount("other", "acme")))
                .isNull();
        assertThat(damaged).hasContent("{\"format\":1");
        assertThat(record).hasContent(before);
    }

    @Test
    void aFamilyThatGetsIntoTroubleOrOutOfItRaisesTheAlarm() throws Exception {
        FamilyAdministration administration = core.families.administration();
        core.families.await(holder, bearer -> true);
        assertThat(administration.alarms()).isZero();
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(() -> core.families.await(holder, bearer -> true)).isInstanceOf(FamilyException.class);
        long after = administration.alarms();
        assertThat(after).isEqualTo(1);
        administration.vouch(core.ledger.loadAll().get(0).id());
        assertThat(administration.alarms()).isEqualTo(2);
    }
}
