package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LedgerSnapshotTest extends TokenServiceTestBase {

    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void find_byAnyTokenOfAFamily_returnsItForItsAccountOnly() throws Exception {
        Account account = handle.client().account();
        assertThat(core.families.snapshot().find(account, handle.token(), handle.location()))
                .isNull();
        core.families.await(handle, accessToken -> true);
        clock.advance(Duration.ofHours(2));
        core.families.await(handle, accessToken -> true);
        LedgerSnapshot snapshot = core.families.snapshot();
        TokenFamily found = snapshot.find(account, handle.token(), handle.location());
        assertThat(found.tokens().generation()).isEqualTo(2);
        for (String token : simulator.refreshTokens()) {
            assertThat(snapshot.find(account, token, handle.location())).isSameAs(found);
        }
        assertThat(snapshot.find(core.service("globex").account(), handle.token(), handle.location()))
                .isNull();
        assertThat(snapshot.isRequesting(found)).isFalse();
        assertThat(snapshot.savedFamilies()).containsExactly(found);
    }

    @Test
    void find_amongSeveralFamilies_prefersTheOneBoundToTheLocation() throws Exception {
        Account account = handle.client().account();
        core.families.await(handle, accessToken -> true);
        CredentialLocation copy = new CredentialLocation("folder:a", "copy");
        core.families.await(
                new CredentialHandle("copy", copy, simulator.currentToken("ci"), handle.client(), handle.writer()),
                accessToken -> true);
        String fresh = simulator.addAccount("other", "acme");
        core.families.administration().authorized(account, copy, handle.token(), fresh, null);
        LedgerSnapshot snapshot = core.families.snapshot();
        for (String token : List.of(handle.token(), simulator.currentToken("ci"))) {
            assertThat(snapshot.find(account, token, copy).tokens().current()).isEqualTo(fresh);
            assertThat(snapshot.find(account, token, handle.location()).tokens().current())
                    .isEqualTo(simulator.currentToken("ci"));
        }
        assertThat(snapshot.find(account, " ", copy).tokens().current()).isEqualTo(fresh);
        CredentialLocation nowhere = new CredentialLocation("system", "nowhere");
        assertThat(snapshot.find(account, fresh, nowhere).tokens().current()).isEqualTo(fresh);
        assertThat(snapshot.find(account, simulator.currentToken("ci"), nowhere)
                        .tokens()
                        .current())
                .as("the one whose current token it is")
                .isEqualTo(simulator.currentToken("ci"));
        assertThat(snapshot.findUnreadable(account, fresh)).isNull();
    }

    @Test
    void isUnsaved_afterAFailedWriteBack_isTrue() throws Exception {
        CredentialHandle full = core.handle("ci", "acme", handle.token(), (family, token, force) -> {
            throw new IOException("disk full");
        });
        core.families.await(full, accessToken -> true);
        core.awaitWriteBacks();
        assertThat(core.families.snapshot().isUnsaved(full.location())).isTrue();
        assertThat(core.families.snapshot().isUnsaved(new CredentialLocation("system", "other")))
                .isFalse();
    }

    @Test
    void find_ofAFamilyInMemory_returnsIt() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        CredentialHandle user = core.handle("user", core.sddcManager("svc@vsphere.local"), "password");
        core.families.await(user, accessToken -> true);
        LedgerSnapshot snapshot = core.families.snapshot();
        assertThat(snapshot.find(user.client().account(), "password", user.location())
                        .accessToken())
                .isNotNull();
        assertThat(snapshot.savedFamilies()).isEmpty();
    }

    @Test
    void familyInMemory_canBeRetriedAndForgotten() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        CredentialHandle user = core.handle("user", core.sddcManager("svc@vsphere.local"), "wrong");
        assertThatThrownBy(() -> core.families.await(user, accessToken -> true))
                .isInstanceOf(TokenUnavailableException.class);
        TokenFamily rejected = core.families.snapshot().find(user.client().account(), "wrong", user.location());
        assertThat(rejected.state()).isEqualTo(TokenFamily.Status.REJECTED);
        assertThat(core.families.administration().allowRetry(rejected.id())).isTrue();
        assertThat(core.ledger.loadAll()).as("passwords are not in the ledger").isEmpty();
        assertThatThrownBy(() -> core.families.await(user, accessToken -> true))
                .isInstanceOf(TokenUnavailableException.class);
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(2);
        core.families.administration().forget(rejected.id());
        assertThat(core.families.snapshot().find(user.client().account(), "wrong", user.location()))
                .isNull();
        assertThat(core.ledger.loadAll()).isEmpty();
    }

    @Test
    void unreadableRecords_areListedAndLeftUnchanged() throws Exception {
        core.families.await(handle, accessToken -> true);
        Path record = directory.resolve(core.ledger.loadAll().get(0).id() + ".json");
        Path damaged = directory.resolve("0123456789abcdef.json");
        Files.writeString(damaged, "{\"format\":1");
        Files.writeString(record, Files.readString(record).replace("sealed:", "other:"));
        String before = Files.readString(record);
        LedgerSnapshot snapshot = core.families.snapshot();
        assertThat(snapshot.unreadable())
                .extracting(TokenLedger.UnreadableRecord::file)
                .containsExactlyInAnyOrder(record.toString(), damaged.toString());
        assertThat(snapshot.unreadable())
                .extracting(TokenLedger.UnreadableRecord::cause)
                .containsExactlyInAnyOrder("sealed by another controller", "damaged: not JSON");
        assertThat(snapshot.findUnreadable(handle.client().account(), handle.token())
                        .file())
                .isEqualTo(record.toString());
        assertThat(snapshot.findUnreadable(handle.client().account(), simulator.addAccount("other", "acme")))
                .isNull();
        assertThat(damaged).hasContent("{\"format\":1");
        assertThat(record).hasContent(before);
    }

    @Test
    void failureStateChanges_countFamiliesThatEnterOrLeaveAFailingState() throws Exception {
        TokenFamilyAdmin administration = core.families.administration();
        core.families.await(handle, accessToken -> true);
        assertThat(administration.failureStateChanges()).isZero();
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(() -> core.families.await(handle, accessToken -> true))
                .isInstanceOf(TokenUnavailableException.class);
        long after = administration.failureStateChanges();
        assertThat(after).isEqualTo(1);
        administration.allowRetry(core.ledger.loadAll().get(0).id());
        assertThat(administration.failureStateChanges()).isEqualTo(2);
    }
}
