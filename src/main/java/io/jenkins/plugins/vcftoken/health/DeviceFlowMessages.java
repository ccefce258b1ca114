package io.jenkins.plugins.vcftoken.health;

import io.jenkins.plugins.vcftoken.DeviceFlowSession;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter.Placed;

/** How an attempt to have an account authorized is, for people. */
final class DeviceFlowMessages {

    private DeviceFlowMessages() {}

    static String of(DeviceFlowSession attempt) {
        return switch (attempt.state()) {
            case WAITING ->
                attempt.error().isEmpty()
                        ? Messages.DeviceFlowMessages_waiting(attempt.startedBy())
                        : Messages.DeviceFlowMessages_waitingInTrouble(attempt.startedBy(), attempt.error());
            case GRANTED -> granted(attempt);
            case DENIED -> Messages.DeviceFlowMessages_denied();
            case EXPIRED -> Messages.DeviceFlowMessages_expired();
            case CANCELED -> Messages.DeviceFlowMessages_canceled();
            case FAILED -> Messages.DeviceFlowMessages_failed(attempt.error());
        };
    }

    private static String granted(DeviceFlowSession attempt) {
        Placed placed = attempt.placed();
        if (placed == null) {
            return Messages.DeviceFlowMessages_storeFailed();
        }
        return switch (placed) {
            case STORED -> Messages.DeviceFlowMessages_granted();
            case READ_ONLY -> Messages.DeviceFlowMessages_readOnly();
            case GONE -> Messages.DeviceFlowMessages_gone(attempt.location().credentialsId());
            case FOR_ANOTHER_SERVER -> Messages.DeviceFlowMessages_otherServer();
        };
    }
}
