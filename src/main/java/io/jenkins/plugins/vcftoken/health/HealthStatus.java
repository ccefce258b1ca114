package io.jenkins.plugins.vcftoken.health;

import org.jvnet.localizer.Localizable;

/** How a credential's tokens are, as people tell states apart. The names stand in the JSON and stay as they are. */
public enum HealthStatus {
    /** An access token is at hand. */
    READY(Light.GREEN, Messages._HealthStatus_READY(), Messages._HealthStatus_READY_step()),
    /** All is well, and the next build gets a new access token. */
    IDLE(Light.GREEN, Messages._HealthStatus_IDLE(), Messages._HealthStatus_IDLE_step()),
    /** Nobody has asked for an access token yet. */
    NOT_USED(Light.GRAY, Messages._HealthStatus_NOT_USED(), Messages._HealthStatus_NOT_USED_step()),
    /** There is no secret to exchange yet. */
    NO_SECRET(
            Light.GRAY,
            Messages._HealthStatus_NO_SECRET(),
            Messages._HealthStatus_NO_SECRET_step(),
            Messages._HealthStatus_NO_SECRET_enter()),
    /** The secret is on its way to the server right now. */
    REQUESTING(Light.BUSY, Messages._HealthStatus_REQUESTING(), Messages._HealthStatus_REQUESTING_step()),
    /** The last exchange failed, and the secret is as good as before. */
    FAILING(Light.YELLOW, Messages._HealthStatus_FAILING(), Messages._HealthStatus_FAILING_step()),
    /** The secret was sent, the answer was lost, and it is sent once more when nothing can be lost by that. */
    AWAITING_RETRY(Light.YELLOW, Messages._HealthStatus_AWAITING_RETRY(), Messages._HealthStatus_AWAITING_RETRY_step()),
    /** The secret was sent, the answer was lost, and a person decides. */
    UNKNOWN(Light.RED, Messages._HealthStatus_UNKNOWN(), Messages._HealthStatus_UNKNOWN_step()),
    /** The server refused the secret. */
    REJECTED(
            Light.RED,
            Messages._HealthStatus_REJECTED(),
            Messages._HealthStatus_REJECTED_step(),
            Messages._HealthStatus_REJECTED_enter()),
    /** The stored token was rotated away while it was stored somewhere else. */
    STALE_COPY(Light.RED, Messages._HealthStatus_STALE_COPY(), Messages._HealthStatus_STALE_COPY_step()),
    /** The record cannot be read. */
    UNREADABLE(Light.RED, Messages._HealthStatus_UNREADABLE(), Messages._HealthStatus_UNREADABLE_step()),
    /** The stored address is none. */
    BAD_ADDRESS(Light.RED, Messages._HealthStatus_BAD_ADDRESS(), Messages._HealthStatus_BAD_ADDRESS_step());

    private enum Light {
        GREEN("symbol-up-to-date", "jenkins-!-success-color"),
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
    private final Localizable nextStep;
    private final Localizable nextStepByHand;

    HealthStatus(Light light, Localizable words, Localizable nextStep) {
        this(light, words, nextStep, nextStep);
    }

    /** @param nextStepByHand for an account that nobody can authorize in a browser */
    HealthStatus(Light light, Localizable words, Localizable nextStep, Localizable nextStepByHand) {
        this.light = light;
        this.words = words;
        this.nextStep = nextStep;
        this.nextStepByHand = nextStepByHand;
    }

    public String getIcon() {
        return light.icon;
    }

    /** A style of Jenkins' own, which knows dark themes. */
    public String getColor() {
        return light.color;
    }

    /** In the language of whoever will read it. */
    Localizable words() {
        return words;
    }

    /** @param authorizable whether the account can be given a new token by a person in a browser */
    Localizable nextStep(boolean authorizable) {
        return authorizable ? nextStep : nextStepByHand;
    }

    public String getWords() {
        return words.toString();
    }

    /** Whether builds that need a new access token fail until somebody does something. */
    public boolean isBroken() {
        return light == Light.RED;
    }
}
