package io.jenkins.plugins.vcftoken.admin;

import io.jenkins.plugins.vcftoken.controller.Authorization;
import io.jenkins.plugins.vcftoken.store.CredentialHome.Placed;

/** How an attempt to have an account authorized is, for people. */
final class AuthorizationWords {

    private AuthorizationWords() {}

    static String of(Authorization attempt) {
        return switch (attempt.state()) {
            case WAITING ->
                attempt.trouble().isEmpty()
                        ? Messages.AuthorizationWords_waiting(attempt.startedBy())
                        : Messages.AuthorizationWords_waitingInTrouble(attempt.startedBy(), attempt.trouble());
            case GRANTED -> granted(attempt);
            case DENIED -> Messages.AuthorizationWords_denied();
            case EXPIRED -> Messages.AuthorizationWords_expired();
            case CANCELED -> Messages.AuthorizationWords_canceled();
            case FAILED -> Messages.AuthorizationWords_failed(attempt.trouble());
        };
    }

    private static String granted(Authorization attempt) {
        Placed placed = attempt.placed();
        if (placed == null) {
            return Messages.AuthorizationWords_storeFailed();
        }
        return switch (placed) {
            case STORED -> Messages.AuthorizationWords_granted();
            case READ_ONLY -> Messages.AuthorizationWords_readOnly();
            case GONE -> Messages.AuthorizationWords_gone(attempt.place().credentialsId());
            case FOR_ANOTHER_SERVER -> Messages.AuthorizationWords_otherServer();
        };
    }
}
