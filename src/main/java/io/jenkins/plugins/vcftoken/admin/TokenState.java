package io.jenkins.plugins.vcftoken.admin;

import org.jvnet.localizer.Localizable;

/** How a credential's tokens are, as people tell states apart. The names stand in the JSON and stay as they are. */
public enum TokenState {
    /** A bearer is at hand. */
    READY(Light.GREEN, Messages._TokenState_READY(), Messages._TokenState_READY_step()),
    /** All is well, and the next build gets a new bearer. */
    IDLE(Light.GREEN, Messages._TokenState_IDLE(), Messages._TokenState_IDLE_step()),
    /** Nobody has asked for a bearer yet. */
    NOT_USED(Light.GRAY, Messages._TokenState_NOT_USED(), Messages._TokenState_NOT_USED_step()),
    /** There is no secret to exchange yet. */
    NO_SECRET(
            Light.GRAY,
            Messages._TokenState_NO_SECRET(),
            Messages._TokenState_NO_SECRET_step(),
            Messages._TokenState_NO_SECRET_enter()),
    /** The secret is on its way to the server right now. */
    IN_FLIGHT(Light.BUSY, Messages._TokenState_IN_FLIGHT(), Messages._TokenState_IN_FLIGHT_step()),
    /** The last exchange failed, and the secret is as good as before. */
    FAILING(Light.YELLOW, Messages._TokenState_FAILING(), Messages._TokenState_FAILING_step()),
    /** The secret was sent, the answer was lost, and it is sent once more when nothing can be lost by that. */
    AWAITING_RETRY(Light.YELLOW, Messages._TokenState_AWAITING_RETRY(), Messages._TokenState_AWAITING_RETRY_step()),
    /** The secret was sent, the answer was lost, and a person decides. */
    UNKNOWN(Light.RED, Messages._TokenState_UNKNOWN(), Messages._TokenState_UNKNOWN_step()),
    /** The server refused the secret. */
    DEAD(Light.RED, Messages._TokenState_DEAD(), Messages._TokenState_DEAD_step(), Messages._TokenState_DEAD_enter()),
    /** The stored token was rotated away while it was stored somewhere else. */
    STALE_COPY(Light.RED, Messages._TokenState_STALE_COPY(), Messages._TokenState_STALE_COPY_step()),
    /** The record cannot be read. */
    UNREADABLE(Light.RED, Messages._TokenState_UNREADABLE(), Messages._TokenState_UNREADABLE_step()),
    /** The stored address is none. */
    BAD_ADDRESS(Light.RED, Messages._TokenState_BAD_ADDRESS(), Messages._TokenState_BAD_ADDRESS_step());

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

    TokenState(Light light, Localizable words, Localizable nextStep) {
        this(light, words, nextStep, nextStep);
    }

    /** @param nextStepByHand for an account that nobody can authorize in a browser */
    TokenState(Light light, Localizable words, Localizable nextStep, Localizable nextStepByHand) {
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

    /** Whether builds that need a new bearer fail until somebody does something. */
    public boolean isBroken() {
        return light == Light.RED;
    }
}
