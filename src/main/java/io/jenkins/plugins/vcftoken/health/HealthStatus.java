package io.jenkins.plugins.vcftoken.health;

import org.jvnet.localizer.Localizable;

/** The state of a credential's tokens, as shown to users. The names are part of the JSON API and are frozen. */
public enum HealthStatus {
    /** An access token is cached. */
    READY(Light.GREEN, Messages._HealthStatus_READY(), Messages._HealthStatus_READY_step()),
    /** No access token is cached, and the next build gets a new one. */
    IDLE(Light.GREEN, Messages._HealthStatus_IDLE(), Messages._HealthStatus_IDLE_step()),
    /** No access token was requested yet. */
    NOT_USED(Light.GRAY, Messages._HealthStatus_NOT_USED(), Messages._HealthStatus_NOT_USED_step()),
    /** The credential stores no secret yet. */
    NO_SECRET(
            Light.GRAY,
            Messages._HealthStatus_NO_SECRET(),
            Messages._HealthStatus_NO_SECRET_byHand(),
            Messages._HealthStatus_NO_SECRET_step(),
            Messages._HealthStatus_NO_SECRET_enter()),
    /** A request is pending. */
    REQUESTING(Light.BUSY, Messages._HealthStatus_REQUESTING(), Messages._HealthStatus_REQUESTING_step()),
    /** The last request failed, and the secret is unchanged. */
    FAILING(Light.YELLOW, Messages._HealthStatus_FAILING(), Messages._HealthStatus_FAILING_step()),
    /** The response was lost. The secret is sent once more when that can no longer cost an access token. */
    AWAITING_RETRY(Light.YELLOW, Messages._HealthStatus_AWAITING_RETRY(), Messages._HealthStatus_AWAITING_RETRY_step()),
    /** The response was lost. An administrator decides whether the secret is sent again. */
    UNKNOWN(Light.RED, Messages._HealthStatus_UNKNOWN(), Messages._HealthStatus_UNKNOWN_step()),
    /** The server rejected the secret. */
    REJECTED(
            Light.RED,
            Messages._HealthStatus_REJECTED(),
            Messages._HealthStatus_REJECTED(),
            Messages._HealthStatus_REJECTED_step(),
            Messages._HealthStatus_REJECTED_enter()),
    /** The stored token has been replaced by a rotation at another location. */
    STALE_COPY(Light.RED, Messages._HealthStatus_STALE_COPY(), Messages._HealthStatus_STALE_COPY_step()),
    /** The record of the family cannot be read. */
    UNREADABLE(Light.RED, Messages._HealthStatus_UNREADABLE(), Messages._HealthStatus_UNREADABLE_step()),
    /** The stored address is invalid. */
    BAD_ADDRESS(Light.RED, Messages._HealthStatus_BAD_ADDRESS(), Messages._HealthStatus_BAD_ADDRESS_step());

    private enum Light {
        GREEN("symbol-check", "jenkins-!-success-color"),
        GRAY("symbol-ellipse", "jenkins-!-text-color-secondary"),
        BUSY("symbol-hourglass", "jenkins-!-text-color-secondary"),
        YELLOW("symbol-warning", "jenkins-!-warning-color"),
        RED("symbol-close-circle", "jenkins-!-error-color");

        private final String icon;
        private final String color;

        Light(String icon, String color) {
            this.icon = icon;
            this.color = color;
        }
    }

    private final Light light;
    private final Localizable words;
    private final Localizable wordsByHand;
    private final Localizable nextStep;
    private final Localizable nextStepByHand;

    HealthStatus(Light light, Localizable words, Localizable nextStep) {
        this(light, words, words, nextStep, nextStep);
    }

    /**
     * @param wordsByHand for an account that cannot be authorized in a browser
     * @param nextStepByHand the same
     */
    HealthStatus(
            Light light, Localizable words, Localizable wordsByHand, Localizable nextStep, Localizable nextStepByHand) {
        this.light = light;
        this.words = words;
        this.wordsByHand = wordsByHand;
        this.nextStep = nextStep;
        this.nextStepByHand = nextStepByHand;
    }

    public String getIcon() {
        return light.icon;
    }

    /** A CSS class of Jenkins that adapts to dark themes. */
    public String getColor() {
        return light.color;
    }

    /**
     * Translated when it is read.
     *
     * @param authorizable whether the account can be authorized in a browser
     */
    Localizable words(boolean authorizable) {
        return authorizable ? words : wordsByHand;
    }

    /** @param authorizable whether the account can be authorized in a browser */
    Localizable nextStep(boolean authorizable) {
        return authorizable ? nextStep : nextStepByHand;
    }

    /** Whether the last request failed in a way that does not need a person yet. */
    boolean isFailing() {
        return light == Light.YELLOW;
    }

    /** Whether the state changes within seconds, without a build or a person. */
    boolean isTransient() {
        return light == Light.BUSY;
    }

    /** Whether builds that need a new access token fail until a person intervenes. */
    public boolean isBroken() {
        return light == Light.RED;
    }
}
