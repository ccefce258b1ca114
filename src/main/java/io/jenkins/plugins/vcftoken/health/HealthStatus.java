package io.jenkins.plugins.vcftoken.health;

import org.jvnet.localizer.Localizable;

/** Token state of a credential, as shown to users. The names are part of the JSON API and are frozen. */
public enum HealthStatus {
    /** A valid access token is cached. */
    READY(Light.GREEN, Messages._HealthStatus_READY(), Messages._HealthStatus_READY_step()),
    /** No valid access token is cached. The next build requests one. */
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
    /** The response was lost. The secret is sent again when no valid access token can be lost by that. */
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
    /** The stored token was replaced by a rotation at another location. */
    STALE_COPY(Light.RED, Messages._HealthStatus_STALE_COPY(), Messages._HealthStatus_STALE_COPY_step()),
    /** The record of the token family cannot be read. */
    UNREADABLE(Light.RED, Messages._HealthStatus_UNREADABLE(), Messages._HealthStatus_UNREADABLE_step()),
    /** The stored URL is invalid. */
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
    private final Localizable label;
    private final Localizable labelWithoutDeviceFlow;
    private final Localizable nextStep;
    private final Localizable nextStepWithoutDeviceFlow;

    HealthStatus(Light light, Localizable label, Localizable nextStep) {
        this(light, label, label, nextStep, nextStep);
    }

    /**
     * @param labelWithoutDeviceFlow for accounts that do not support the device flow
     * @param nextStepWithoutDeviceFlow for accounts that do not support the device flow
     */
    HealthStatus(
            Light light,
            Localizable label,
            Localizable labelWithoutDeviceFlow,
            Localizable nextStep,
            Localizable nextStepWithoutDeviceFlow) {
        this.light = light;
        this.label = label;
        this.labelWithoutDeviceFlow = labelWithoutDeviceFlow;
        this.nextStep = nextStep;
        this.nextStepWithoutDeviceFlow = nextStepWithoutDeviceFlow;
    }

    public String getIcon() {
        return light.icon;
    }

    /** Jenkins CSS class, which supports dark themes. */
    public String getColor() {
        return light.color;
    }

    /** @param authorizable whether the account supports the device flow */
    Localizable label(boolean authorizable) {
        return authorizable ? label : labelWithoutDeviceFlow;
    }

    /** @param authorizable whether the account supports the device flow */
    Localizable nextStep(boolean authorizable) {
        return authorizable ? nextStep : nextStepWithoutDeviceFlow;
    }

    /** Whether the last request failed, but no user action is required yet. */
    boolean isFailing() {
        return light == Light.YELLOW;
    }

    /** Whether the state changes within seconds, without a build or user action. */
    boolean isTransient() {
        return light == Light.BUSY;
    }

    /** Whether builds that need a new access token fail until a user intervenes. */
    public boolean isBroken() {
        return light == Light.RED;
    }
}
