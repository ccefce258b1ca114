package io.jenkins.plugins.vcftoken.offline;

import static java.util.stream.Collectors.joining;

import java.util.List;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.Elements;
import javax.lang.model.util.SimpleAnnotationValueVisitor14;

/** Writes annotations and their values as Java source does, every name in full. */
final class AnnotationText extends SimpleAnnotationValueVisitor14<String, Void> {

    private final Elements elements;

    AnnotationText(Elements elements) {
        this.elements = elements;
    }

    String of(AnnotationMirror annotation) {
        return '@'
                + annotation.getAnnotationType().toString()
                + annotation.getElementValues().entrySet().stream()
                        .map(entry -> entry.getKey().getSimpleName() + " = " + visit(entry.getValue()))
                        .collect(joining(", ", "(", ")"));
    }

    @Override
    protected String defaultAction(Object constant, Void nothing) {
        return elements.getConstantExpression(constant);
    }

    @Override
    public String visitType(TypeMirror type, Void nothing) {
        return type + ".class";
    }

    @Override
    public String visitEnumConstant(VariableElement constant, Void nothing) {
        return constant.asType() + "." + constant.getSimpleName();
    }

    @Override
    public String visitAnnotation(AnnotationMirror annotation, Void nothing) {
        return of(annotation);
    }

    @Override
    public String visitArray(List<? extends AnnotationValue> values, Void nothing) {
        return values.stream().map(this::visit).collect(joining(", ", "{", "}"));
    }
}
