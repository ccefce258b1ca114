// Signatures only, written by bin/signatures.
package hudson.init;

@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.METHOD})
@org.jvnet.hudson.annotation_indexer.Indexed()
public @interface Initializer {
    boolean fatal() default true;

    hudson.init.InitMilestone after() default hudson.init.InitMilestone.STARTED;

    hudson.init.InitMilestone before() default hudson.init.InitMilestone.COMPLETED;

    java.lang.String displayName() default "";

    java.lang.String[] attains() default {};

    java.lang.String[] requires() default {};
}
