package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SddcManagerTokensTest {

    private static final String USER = "svc-jenkins@vsphere.local";
    private static final String PASSWORD = "correct horse \"battery\" \\ stäple";

    private Simulator simulator;
    private SddcManager sddc;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        sddc = simulator.sddcManager();
        sddc.addUser(USER, PASSWORD);
    }

    @AfterEach
    void stop() {
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201})
    void aPasswordBuysABearerAndASession(int status) throws Exception {
        sddc.setCreatedStatus(status);
        Grant grant = service(USER).exchange(PASSWORD);
        assertThat(simulator.bearers()).containsExactly(grant.bearer().value());
        assertThat(grant.bearer().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(grant.refreshToken()).isNull();
        assertThat(grant.session()).isNotNull();
    }

    @Test
    void soDoesAnApiKey() throws Exception {
        sddc.addApiKey("qsfqnYgyxXQ892Jk90HXyuEMgE3SgfTS");
        assertThat(service("").exchange("qsfqnYgyxXQ892Jk90HXyuEMgE3SgfTS").session())
                .isNotNull();
    }

    @ParameterizedTest
    @EnumSource(SddcManager.Shape.class)
    void theSessionRenewsTheBearerHoweverTheAnswerIsWritten(SddcManager.Shape shape) throws Exception {
        sddc.setShape(shape);
        Grant first = service(USER).exchange(PASSWORD);
        Grant second = service(USER).renew(PASSWORD, first.session());
        assertThat(simulator.bearers())
                .containsExactly(first.bearer().value(), second.bearer().value());
        assertThat(second.session()).isEqualTo(first.session());
        assertThat(sddc.logins()).isEqualTo(1);
        assertThat(sddc.renewals()).isEqualTo(1);
    }

    @Test
    void halfABareAnswerIsNoBearer() throws Exception {
        sddc.setShape(SddcManager.Shape.RAW);
        Grant first = service(USER).exchange(PASSWORD);
        for (Fault fault : List.of(Fault.TRUNCATED, Fault.HTML, Fault.EMPTY)) {
            simulator.inject(fault);
            assertThat(catchThrowableOfType(
                            ExchangeException.class, () -> service(USER).renew(PASSWORD, first.session())))
                    .isInstanceOf(ExchangeException.Unintelligible.class);
        }
    }

    @Test
    void aForgottenSessionCostsOneLogin() throws Exception {
        Grant first = service(USER).exchange(PASSWORD);
        sddc.forgetSessions();
        Grant second = service(USER).renew(PASSWORD, first.session());
        assertThat(second.session()).isNotEqualTo(first.session());
        assertThat(sddc.logins()).isEqualTo(2);
        assertThat(sddc.openSessions()).isEqualTo(1);
    }

    @Test
    void aSessionIsReleasedAndReleasingItAgainIsNoError() throws Exception {
        Grant grant = service(USER).exchange(PASSWORD);
        service(USER).release(grant.session());
        service(USER).release(grant.session());
        assertThat(sddc.openSessions()).isZero();
        assertThat(sddc.releases()).isEqualTo(2);
    }

    @Test
    void aWrongPasswordIsSaidSoAndSentOnce() {
        ExchangeException e = refused(USER, "wrong-password-of-mine");
        assertThat(e.problem()).isEqualTo(Problem.WRONG_SECRET);
        assertThat(e.detail()).isEqualTo("HTTP 401, IDENTITY_UNAUTHORIZED_ENTITY: User is not authorized");
        assertThat(sddc.refusedLogins()).isEqualTo(1);
    }

    @Test
    void aLockedAccountIsSaidSo() {
        for (int i = 0; i < 5; i++) {
            refused(USER, "wrong");
        }
        assertThat(refused(USER, PASSWORD).problem()).isEqualTo(Problem.LOCKED_OUT);
    }

    @Test
    void aRefusedLoginIsFinalAlsoWhenItFollowsAForgottenSession() throws Exception {
        Grant grant = service(USER).exchange(PASSWORD);
        sddc.forgetSessions();
        sddc.addUser(USER, "changed-in-the-meantime");
        ExchangeException e = catchThrowableOfType(
                ExchangeException.class, () -> service(USER).renew(PASSWORD, grant.session()));
        assertThat(((ExchangeException.Refused) e).isFinal()).isTrue();
        assertThat(sddc.refusedLogins()).isEqualTo(1);
    }

    private ExchangeException refused(String user, String password) {
        return catchThrowableOfType(ExchangeException.class, () -> service(user).exchange(password));
    }

    private TokenService service(String user) {
        TokenClient client = Core.client(simulator, InstantSource.system());
        return new Retries(InstantSource.system(), pause -> {}, () -> 0)
                .of(new SddcManagerTokens(client, new Endpoint(SddcManagerTokens.SYSTEM, simulator.url(), "", user)));
    }
}
